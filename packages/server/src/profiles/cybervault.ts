import { asId, asUuidV7, type EventId } from "../domain/ids.ts"
import { complianceEvents } from "./cybervault/compliance-events.ts"
import { endpointEvents, patchDeployedSample } from "./cybervault/endpoint-events.ts"
import { envelopeMetadata } from "./cybervault/envelope-metadata.ts"
import { incidentEvents } from "./cybervault/incident-events.ts"
import { threatEvents } from "./cybervault/threat-events.ts"
import type { Profile } from "./profile.ts"
import { rfc3339Seconds } from "./rfc3339.ts"
import { hexSignature, newStandardSecret } from "./signing.ts"

/** CyberVault's document on event-driven webhooks, as wire.md settles it. */
export const cybervault: Profile = {
  name: "cybervault",
  title: "CyberVault",
  eventId: (unique) => asId<EventId>(`wh_${asUuidV7(unique)}`),
  envelope: (parts) =>
    `{"id":${JSON.stringify(parts.id)},"event":${JSON.stringify(parts.type)},"timestamp":"${rfc3339Seconds(parts.createdMs)}","data":${parts.data},"metadata":${envelopeMetadata(parts)}}`,
  headerPrefix: "X-CyberVault-",
  signature: (secret, body) => ["X-CyberVault-Signature", hexSignature(secret, body)],
  succeeded: (status) => status === 200 || status === 201,
  successRule: "status 200 or 201",
  timeoutSeconds: { default: 5, max: 5 },
  ordering: "none",
  secret: "generated",
  // Its text is what the document's verification takes, its bytes what Standard Webhooks libraries take.
  newSecret: newStandardSecret,
  userAgent: "CyberVault-Webhooks/1.0",
  catalogue: [...threatEvents, ...incidentEvents, ...endpointEvents, ...complianceEvents],
  // A documented type, so that a receiver which refuses strangers accepts it; and of the lowest severity: a made-up
  // threat could page somebody whose receiver does not look at the Test header.
  verification: { type: "patch.deployed", data: patchDeployedSample },
}
