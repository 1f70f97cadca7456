import { Pool } from "undici"

/** Publishes `events` copies of one event, `perRequest` in each request. @throws Error when one is not accepted. */
export async function publish(
  address: string,
  key: string,
  event: string,
  events: number,
  perRequest: number,
  parallel: number,
): Promise<void> {
  const pool = new Pool(address, { connections: parallel })
  const single = perRequest === 1
  const path = single ? "/v1/events" : "/v1/events/batch"
  const body = single ? event : `{"events":[${Array(perRequest).fill(event).join(",")}]}`
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
  }
  const post = () =>
    new Promise<void>((resolve, reject) => {
      let status = 0
      pool.dispatch(
        { path, method: "POST", headers, body },
        {
          onRequestStart() {},
          onResponseStart: (_controller, code) => {
            status = code
          },
          onResponseData() {},
          onResponseEnd: () => (status === 202 ? resolve() : reject(new Error(`answered ${status}`))),
          onResponseError: (_controller, error) => reject(error),
        },
      )
    })
  let begun = 0
  const worker = async () => {
    for (; begun < events; ) {
      begun += perRequest
      await post()
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  await pool.close()
}
