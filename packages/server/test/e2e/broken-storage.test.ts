import { expect, test } from "vitest"
import { newDataDirectory, startServer } from "./server-process.ts"

const breaksOnSignal = new URL("./storage-breaks-on-signal.ts", import.meta.url)

test("a server whose storage has broken says so in one line and ends, to be started again", async () => {
  const TOCSIN_DATA_DIR = newDataDirectory()
  const server = await startServer({ TOCSIN_DATA_DIR, NODE_OPTIONS: `--import=${breaksOnSignal}` })
  expect(await server.kill("SIGUSR2")).toEqual({ code: 1, signal: null })
  const fatal = server.output.stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level === 60)
  expect(fatal).toEqual([expect.objectContaining({ msg: expect.stringContaining("storage thread") })])

  const again = await startServer({ TOCSIN_DATA_DIR })
  expect((await fetch(`${again.address}/readyz`)).status).toBe(200)
  expect(await again.kill()).toEqual({ code: 0, signal: null })
})
