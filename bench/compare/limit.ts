import { createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import { Pool } from "undici"
import { authorityCertificate } from "../load/certificates.ts"
import { secret } from "../load/payload.ts"

/** Requests under way at a time: more gain nothing on two cores. */
const atOnce = 64

/**
 * What no webhook engine in this runtime can pass: sign, post, read the answer; nothing stored, nothing ordered.
 * @returns posts per second.
 */
export async function measureLimit(url: string, body: (number: number) => string, posts: number): Promise<number> {
  const target = new URL(url)
  const pool = new Pool(target.origin, {
    connections: atOnce,
    ...(target.protocol === "https:" && { connect: { ca: readFileSync(authorityCertificate, "utf8") } }),
  })
  let begun = 0
  const post = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const signature = createHmac("sha256", secret).update(text).digest("hex")
      const headers = {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(text)),
        "x-policycortex-signature": `sha256=${signature}`,
      }
      pool.dispatch(
        { path: target.pathname, method: "POST", headers, body: text },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData() {},
          onResponseEnd: () => resolve(),
          onResponseError: (_controller, error) => reject(error),
        },
      )
    })
  const startedMs = performance.now()
  const worker = async () => {
    for (let number = begun++; number < posts; number = begun++) await post(body(number))
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const rate = posts / ((performance.now() - startedMs) / 1000)
  await pool.close()
  return rate
}
