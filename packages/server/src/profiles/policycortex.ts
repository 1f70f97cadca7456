import { asId, type EventId } from "../domain/ids.ts"
import { complianceEvents } from "./policycortex/compliance-events.ts"
import { policyEvents } from "./policycortex/policy-events.ts"
import { scanCompletedSample, scanEvents } from "./policycortex/scan-events.ts"
import { userEvents } from "./policycortex/user-events.ts"
import type { Profile } from "./profile.ts"
import { rfc3339Seconds } from "./rfc3339.ts"
import { hexSignature, newStandardSecret } from "./signing.ts"

/** The PolicyCortex Webhooks API's document, as wire.md settles it. */
export const policycortex: Profile = {
  name: "policycortex",
  title: "PolicyCortex",
  eventId: (unique) => asId<EventId>(`evt_${unique}`),
  envelope: ({ id, type, createdMs, data }) =>
    `{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)},"created":"${rfc3339Seconds(createdMs)}","data":${data}}`,
  headerPrefix: "X-PolicyCortex-",
  signature: (secret, body) => ["X-PolicyCortex-Signature", `sha256=${hexSignature(secret, body)}`],
  succeeded: (status) => status >= 200 && status <= 299,
  successRule: "any 2xx status",
  timeoutSeconds: { default: 30, max: 30 },
  ordering: "strict",
  secret: "required",
  newSecret: newStandardSecret,
  userAgent: "PolicyCortex-Webhooks/1.0",
  catalogue: [...policyEvents, ...complianceEvents, ...scanEvents, ...userEvents],
  // A payload that the document prints, so that a receiver which checks shapes answers as it will in earnest; and good
  // news, so that one which does not look at the Test header wakes nobody.
  verification: { type: "scan.completed", data: scanCompletedSample },
}
