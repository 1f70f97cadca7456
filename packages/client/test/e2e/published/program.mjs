import * as client from "@tocsin/client"
import * as middleware from "@tocsin/client/fetch"
import { check } from "./check.mjs"

const [baseUrl, apiKey] = globalThis.Deno?.args ?? process.argv.slice(2)
console.log(JSON.stringify(await check(client, middleware, { baseUrl, apiKey })))
