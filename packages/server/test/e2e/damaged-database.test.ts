import { expect, test } from "vitest"
import { openReceiver } from "../receiver.ts"
import { damageFirstRowsOf } from "../stores/damage-to.ts"
import { eventually, Workspace } from "./api-calls.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

test("of a damaged page all tell, the log, /readyz and the metric; events that do not lie on it are delivered", async () => {
  const TOCSIN_DATA_DIR = newDataDirectory()
  const receiver = await openReceiver()
  const server = await startServer({ TOCSIN_DATA_DIR })
  const workspace = await Workspace.create(server.address, "policycortex")
  const register = (type: string, active: boolean) =>
    workspace.post("/v1/webhooks", {
      url: `${receiver.origin}/${type}`,
      events: [type],
      active,
      secret: "a-secret-of-some-length-0123456789",
    })
  const held = await register("scan.failed", false)
  await register("scan.completed", true)
  const [stuck, good] = [await workspace.sampleEvent(), await workspace.sampleEvent("scan.completed")]
  await workspace.post("/v1/events/batch", { events: Array.from({ length: 20 }, () => stuck) })
  await server.kill()
  damageFirstRowsOf("events", TOCSIN_DATA_DIR)

  const again = await startServer({ TOCSIN_DATA_DIR })
  workspace.address = again.address
  const readyz = async () => {
    const response = await fetch(`${again.address}/readyz`)
    return `${response.status} ${await response.text()}`
  }
  expect(await readyz()).toContain("200")
  expect(await workspace.ask("PATCH", `/v1/webhooks/${held.id}`, { body: { active: true } })).toMatchObject({
    status: 200,
  })
  expect(await eventually(readyz, (answer) => answer.startsWith("503"))).toContain("The database is damaged")
  const errors = again.output.stderr.split("\n").filter((line) => line.includes('"level":50'))
  // Retention may have met it too.
  expect(errors.filter((line) => !line.includes("past its retention"))).toEqual([
    expect.stringMatching(/The database is damaged \(.+\)\. Some of what waits.+Restore a backup\./),
  ])
  expect(await (await fetch(`${again.address}/metrics`)).text()).toContain('tocsin_database_damaged{for="sending"} 1')

  await workspace.post("/v1/events", good)
  expect(await receiver.arrived(1)).toMatchObject([{ path: "/scan.completed" }])
  await receiver.close()
})
