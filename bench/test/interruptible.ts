/** A benchmark whose work never ends by itself. Its server takes `process.argv[2]` ms to stop, which fails the work. */
import { setTimeout as delay } from "node:timers/promises"
import { cleanedUp } from "../load/cleaning-up.ts"

const say = (line: string) => process.stdout.write(`${line}\n`)
const stopMs = Number(process.argv[2])

await cleanedUp(async (cleaning) => {
  cleaning.later(() => void say("database stopped"))
  const running = Promise.withResolvers<never>()
  // Another of its users, for whom nobody waits.
  void running.promise.then(() => {})
  cleaning.later(async () => {
    say("stopping server")
    running.reject(new Error("the server is gone"))
    cleaning.later(() => void say("what was begun meanwhile stopped"))
    await delay(stopMs)
    say("server stopped")
  })
  const alive = setInterval(() => {}, 1_000)
  cleaning.later(() => clearInterval(alive))
  say("working")
  await running.promise
})
say("the result")
