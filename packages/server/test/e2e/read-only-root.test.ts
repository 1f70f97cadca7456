import { readdirSync } from "node:fs"
import { expect, it } from "vitest"
import { openReceiver } from "../receiver.ts"
import { Workspace } from "./api-calls.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

it("the program writes into its data directory alone, so that its root file system may be read-only", async () => {
  const [data, home, temporary] = [newDataDirectory(), newDataDirectory(), newDataDirectory()]
  const server = await startServer({ TOCSIN_DATA_DIR: data, HOME: home, TMPDIR: temporary })
  const receiver = await openReceiver()
  const workspace = await Workspace.create(server.address, "policycortex")
  await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"], secret: "your-webhook-secret" })
  await workspace.post("/v1/events", await workspace.sampleEvent())
  await receiver.arrived(1)
  await server.kill()
  await receiver.close()
  expect(readdirSync(data)).toContain("tocsin.db")
  expect(readdirSync(home)).toEqual([])
  expect(readdirSync(temporary)).toEqual([])
})
