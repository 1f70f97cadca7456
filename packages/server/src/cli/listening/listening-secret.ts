import { hkdfSync } from "node:crypto"
import { newStandardSecret } from "../../profiles/signing.ts"

const secretBytes = 32

/**
 * The secret that `listen` signs with: of the key and the workspace, so that it is the same each time and a receiver's
 * settings need no change. One-way (RFC 5869): it tells nothing of the key, nor of any webhook's secret.
 */
export function listeningSecret(apiKey: string, workspaceId: string): string {
  return newStandardSecret(new Uint8Array(hkdfSync("sha256", apiKey, workspaceId, "tocsin listen", secretBytes)))
}
