import * as client from "/client/index.js"
import * as middleware from "/client/middleware/fetch.js"
import { check } from "./check.mjs"

const inWorker = typeof document === "undefined"
const apiKey = new URL(import.meta.url).searchParams.get("key") ?? ""
const outcome = check(client, middleware, { baseUrl: location.origin, apiKey }).catch((failure) =>
  String(failure?.stack ?? failure),
)
if (inWorker) outcome.then((told) => postMessage(told))
else globalThis.outcome = outcome
