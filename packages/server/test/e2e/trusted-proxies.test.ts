import { expect, it } from "vitest"
import { type Answer, call, Workspace } from "./api-calls.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

/** What a browser sends from a page of the same origin, by way of a proxy that says where it is. */
function signIn(address: string, key: string, from: string): Promise<Answer> {
  const headers = { "x-tocsin-page": "1", "sec-fetch-site": "same-origin", "x-forwarded-for": from }
  return call(address, "POST", "/v1/session", { body: { api_key: key }, headers })
}

it("believes the operator's proxies where a request comes from, so that one who guesses locks nobody else out", async () => {
  const server = await startServer({
    TOCSIN_DATA_DIR: newDataDirectory(),
    TOCSIN_TRUSTED_PROXIES: "10.0.0.0/8, 127.0.0.1",
  })
  const { key } = await Workspace.create(server.address, "policycortex")
  // The leftmost is what the client made up; the last that is none of ours is where it was seen.
  for (let tried = 0; tried < 10; tried++) {
    expect((await signIn(server.address, "tk_guess", `198.51.100.${tried}, 203.0.113.9, 10.1.2.3`)).status).toBe(401)
  }
  expect((await signIn(server.address, key, "203.0.113.9")).json.code).toBe("sign_in_limited")
  expect((await signIn(server.address, key, "203.0.113.10")).status).toBe(200)

  const headers = { "x-forwarded-for": "203.0.113.10" }
  const created = await call(server.address, "POST", "/v1/event-types", { key, body: { name: "own.type" }, headers })
  expect(created.status).toBe(201)
  const { json } = await call(server.address, "GET", "/v1/audit-log", { key })
  expect(json.data).toContainEqual(expect.objectContaining({ action: "event_type.created", address: "203.0.113.10" }))
  await server.kill()
})

it("believes nobody else: what a client says of itself counts for nothing", async () => {
  const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
  const { key } = await Workspace.create(server.address, "policycortex")
  for (let tried = 0; tried < 10; tried++) await signIn(server.address, "tk_guess", `203.0.113.${tried}`)
  expect((await signIn(server.address, key, "203.0.113.100")).json.code).toBe("sign_in_limited")
  await server.kill()
})
