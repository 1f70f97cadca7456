import { createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import { Pool } from "undici"
import { authorityCertificate } from "../load/certificates.ts"
import { inParallel } from "../load/in-parallel.ts"
import { secret } from "../load/payload.ts"

/** Requests under way at a time: more gain nothing on two cores. */
const atOnce = 64
/**
 * Posted before it counts, by a pool that is new each time: contenders' connections are open and warm when they are
 * measured, so the limit's handshakes must not be in its time either, those of TLS least of all.
 */
const uncounted = 10 * atOnce

/**
 * What no webhook engine in this runtime can pass: sign, post, read the answer; nothing stored, nothing ordered.
 * @param posts how many count.
 * @returns posts per second.
 */
export async function measureLimit(url: string, body: (number: number) => string, posts: number): Promise<number> {
  const target = new URL(url)
  const pool = new Pool(target.origin, {
    connections: atOnce,
    ...(target.protocol === "https:" && { connect: { ca: readFileSync(authorityCertificate, "utf8") } }),
  })
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
  const postAll = (all: number) => inParallel({ all, each: 1, atOnce }, (number) => post(body(number)))
  await postAll(uncounted)
  const startedMs = performance.now()
  await postAll(posts)
  const rate = posts / ((performance.now() - startedMs) / 1000)
  await pool.close()
  return rate
}
