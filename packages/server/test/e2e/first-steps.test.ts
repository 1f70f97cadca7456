import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { openReceiver, type ReceiverOptions } from "../receiver.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

const run = promisify(execFile)

/** The commands that the first start printed. */
function printedCommands(stdout: string): string[] {
  return stdout.split("\n").filter((line) => line.includes("curl "))
}

/** At the port that the printed commands name, where nothing else has it; else at any. */
async function receiverAt(port: number): Promise<Awaited<ReturnType<typeof openReceiver>>> {
  const options: ReceiverOptions = { host: "127.0.0.1", port }
  return openReceiver(options).catch(() => openReceiver())
}

it("the three commands of the first start, pasted into a shell as they are, lead to a delivery", async () => {
  const receiver = await receiverAt(3000)
  try {
    const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory(), TOCSIN_ADMIN_KEY: undefined })
    const commands = printedCommands(server.output.stdout)
    expect(commands).toHaveLength(3)
    expect(commands[1]).toContain("http://localhost:3000/")
    const script = commands.join("\necho\n").replaceAll("localhost:3000", `localhost:${receiver.port}`)
    if (receiver.port === 3000) expect(script).toBe(commands.join("\necho\n"))
    const { stdout, stderr } = await run("bash", ["-e", "-c", script])
    expect(stderr).toBe("")
    const [, webhook, event] = stdout.split("\n").map((line) => (line === "" ? {} : JSON.parse(line)))
    expect(webhook).toMatchObject({ id: expect.stringMatching(/^wh_/), status: "active" })
    expect(event).toMatchObject({ id: expect.stringMatching(/^evt_/), deliveries: 1 })
    const [delivered] = await receiver.arrived(1)
    expect(JSON.parse(delivered?.text ?? "")).toMatchObject({ id: event.id, type: "compliance.status.changed" })
    await server.kill()
  } finally {
    await receiver.close()
  }
})

it("without permission for this machine the commands still work: the webhook is one to be replaced", async () => {
  const server = await startServer({
    TOCSIN_DATA_DIR: newDataDirectory(),
    TOCSIN_ADMIN_KEY: undefined,
    TOCSIN_ALLOWED_TARGETS: undefined,
  })
  const [workspace, webhook] = printedCommands(server.output.stdout)
  expect(webhook).toContain("https://your-app.example/webhooks/policycortex")
  // The webhook is not registered here: that would ask the DNS, and no test leaves this machine.
  const { stdout } = await run("bash", ["-e", "-c", `${workspace}\necho $TOCSIN_KEY`])
  expect(stdout).toMatch(/^tk_\S+\n$/)
  await server.kill()
})

it("`npx tocsin` is there after `npm ci`, and says what it can", async () => {
  const root = fileURLToPath(new URL("../../../../", import.meta.url))
  const { stdout, stderr } = await run("npx", ["tocsin", "--help"], {
    cwd: root,
    // It is to be found here, not fetched.
    env: { ...process.env, npm_config_offline: "true" },
  })
  expect(stdout).toMatch(/^Usage: tocsin /)
  for (const command of ["serve", "listen", "trigger", "verify", "doctor"]) expect(stdout).toContain(`  ${command} `)
  expect(stderr).not.toContain("tocsin")
})
