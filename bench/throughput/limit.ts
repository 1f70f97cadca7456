import { createHmac } from "node:crypto"
import { Pool } from "undici"

/**
 * What no webhook engine in this runtime can pass: sign, post, read the answer; nothing stored, nothing ordered.
 * @returns posts per second.
 */
export async function measureLimit(url: string, body: string, posts: number, parallel: number): Promise<number> {
  const target = new URL(url)
  const pool = new Pool(target.origin, { connections: parallel })
  let begun = 0
  const post = () =>
    new Promise<void>((resolve, reject) => {
      const signature = createHmac("sha256", "a-shared-secret").update(body).digest("hex")
      const headers = {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(body)),
        "x-policycortex-signature": `sha256=${signature}`,
      }
      pool.dispatch(
        { path: target.pathname, method: "POST", headers, body },
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
    while (begun++ < posts) await post()
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  const rate = posts / ((performance.now() - startedMs) / 1000)
  await pool.close()
  return rate
}
