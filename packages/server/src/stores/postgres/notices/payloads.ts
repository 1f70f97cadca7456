/** PostgreSQL takes payloads below 8,000 bytes. */
export const payloadMaxBytes = 7_900

/** Lines in as few payloads as hold them, each under the same first line; a line that is too long alone is left out. */
export function payloads(head: string, lines: readonly string[], maxBytes = payloadMaxBytes): readonly string[] {
  const headBytes = Buffer.byteLength(head)
  const found: string[] = []
  let payload = head
  let bytes = headBytes
  for (const line of lines) {
    const lineBytes = Buffer.byteLength(line) + 1
    if (headBytes + lineBytes > maxBytes) continue
    if (bytes + lineBytes > maxBytes) {
      found.push(payload)
      payload = head
      bytes = headBytes
    }
    payload += payload === "" ? line : `\n${line}`
    bytes += lineBytes
  }
  if (payload !== head) found.push(payload)
  return found
}
