import { fileURLToPath } from "node:url"

/** The tests' own certificates: a receiver for `localhost` and `127.0.0.1`, and the authority that vouches for it. */
const folder = new URL("../../packages/server/test/fixtures/tls/", import.meta.url)

export const receiverCertificate = fileURLToPath(new URL("receiver.crt", folder))
export const receiverKey = fileURLToPath(new URL("receiver.key", folder))
export const authorityCertificate = fileURLToPath(new URL("authority.crt", folder))
