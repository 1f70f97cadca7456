import { Pool } from "undici"

/** Publishes `events` events, `perRequest` in each request. @throws Error when one is not accepted. */
export async function publish(
  address: string,
  key: string,
  event: (number: number) => string,
  events: number,
  perRequest: number,
  parallel: number,
): Promise<void> {
  const pool = new Pool(address, { connections: parallel })
  const single = perRequest === 1
  const path = single ? "/v1/events" : "/v1/events/batch"
  const authorization = `Bearer ${key}`
  const post = (from: number) =>
    new Promise<void>((resolve, reject) => {
      let status = 0
      const some = Array.from({ length: perRequest }, (_, at) => event(from + at))
      const body = Buffer.from(single ? (some[0] ?? "") : `{"events":[${some.join(",")}]}`)
      const headers = { authorization, "content-type": "application/json", "content-length": String(body.length) }
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
    while (begun < events) {
      const from = begun
      begun += perRequest
      await post(from)
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  await pool.close()
}
