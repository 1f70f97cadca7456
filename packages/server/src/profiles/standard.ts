import manifest from "../../package.json" with { type: "json" }
import { asId, type EventId } from "../domain/ids.ts"
import type { Profile } from "./profile.ts"
import { rfc3339Seconds } from "./rfc3339.ts"
import { withSchema } from "./schema-of-sample.ts"
import { newStandardSecret } from "./signing.ts"

const testSample = { message: "A test from Tocsin: nothing has happened" }

/** Plain Standard Webhooks, for workspaces that register all of their types themselves. Spec: wire.md. */
export const standard: Profile = {
  name: "standard",
  title: "Standard Webhooks",
  eventId: (unique) => asId<EventId>(`msg_${unique}`),
  envelope: ({ type, createdMs, data }) =>
    `{"type":${JSON.stringify(type)},"timestamp":"${rfc3339Seconds(createdMs)}","data":${data}}`,
  headerPrefix: "Webhook-",
  signature: () => null,
  succeeded: (status) => status >= 200 && status <= 299,
  successRule: "any 2xx status",
  timeoutSeconds: { default: 15, max: 15 },
  ordering: "none",
  secret: "generated",
  newSecret: newStandardSecret,
  userAgent: `Tocsin/${manifest.version}`,
  catalogue: [
    withSchema(
      {
        name: "tocsin.test",
        group: "Tocsin",
        description: "A test: nothing has happened",
        severity: null,
        sample: testSample,
        attributePaths: {},
      },
      { coreLevels: 1, optional: [] },
    ),
  ],
  // The only type that every workspace of this profile has.
  verification: { type: "tocsin.test", data: testSample },
}
