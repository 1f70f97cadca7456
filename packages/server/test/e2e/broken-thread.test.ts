import { expect, test } from "vitest"
import { newDataDirectory, startServer } from "./server-process.ts"

test.each([
  ["that stores", "hot-worker", "The storage thread has ended"],
  ["that reads the log", "log-worker", "The storage thread has ended"],
  ["that posts", "posting-thread", "The thread that posts has failed"],
])(
  "a server whose thread %s has broken says so in one line and ends, to be started again",
  async (_what, name, said) => {
    const TOCSIN_DATA_DIR = newDataDirectory()
    const breaksOnSignal = new URL("./thread-breaks-on-signal.ts", import.meta.url)
    breaksOnSignal.searchParams.set("thread", name)
    const server = await startServer({ TOCSIN_DATA_DIR, NODE_OPTIONS: `--import=${breaksOnSignal}` })
    expect(await server.kill("SIGUSR2")).toEqual({ code: 1, signal: null })
    const fatal = server.output.stderr
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line))
      .filter(({ level }) => level === 60)
    expect(fatal).toEqual([expect.objectContaining({ msg: expect.stringContaining(said) })])

    const again = await startServer({ TOCSIN_DATA_DIR })
    expect((await fetch(`${again.address}/readyz`)).status).toBe(200)
    expect(await again.kill()).toEqual({ code: 0, signal: null })
  },
)
