import express from "express"
import { cybervaultReceiver } from "./cybervault.ts"
import { policycortexReceiver } from "./policycortex.ts"
import type { Handler } from "./received.ts"
import { standardReceiver } from "./standard.ts"

const port = Number(process.env.PORT ?? 3000)
const secret = process.env.WEBHOOK_SECRET ?? "your-webhook-secret"

/** Prints each delivery that verified, and why one did not. */
function printing(profile: string): Handler {
  return {
    verified: ({ id, type, attempt, sequence, body }) => {
      const which = sequence === null ? "test" : `number ${sequence}, attempt ${attempt}`
      console.log(`verified  ${profile}  ${type}  ${id}  (${which})\n          ${body}`)
    },
    refused: (because) => console.log(`REFUSED   ${profile}  ${because}`),
  }
}

const app = express()
app.use(policycortexReceiver(secret, printing("policycortex")))
app.use(cybervaultReceiver(secret, printing("cybervault")))
app.use(standardReceiver(secret, printing("standard")))

app.listen(port, "localhost", (error) => {
  if (error) {
    console.error(`receiver: port ${port} cannot be used (${error.message}). Set PORT to another one.`)
    process.exit(1)
  }
  const secretFrom = process.env.WEBHOOK_SECRET === undefined ? "WEBHOOK_SECRET is not set" : "from WEBHOOK_SECRET"
  console.log(`Receiving on these addresses, with the secret ${JSON.stringify(secret)} (${secretFrom}):`)
  for (const profile of ["policycortex", "cybervault", "standard"]) {
    console.log(`  http://localhost:${port}/webhooks/${profile}`)
  }
})
