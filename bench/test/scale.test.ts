import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { asId, type WebhookId, type WorkspaceId } from "../../packages/server/src/domain/ids.ts"
import { openSqliteStore } from "../../packages/server/src/stores/sqlite/open-sqlite-store.ts"
import { withSection } from "../figures/marked-section.ts"
import { scaleNames, scaleOptions } from "../scale/options.ts"
import { ratesOf } from "../scale/sampling.ts"
import { sized } from "../scale/scale-run.ts"
import { seedHistory, seedPending } from "../scale/seeding.ts"

describe("curves", () => {
  it("show a counter's growth per second between its samples", () => {
    const counter = [
      [0, 0],
      [1, 100],
      [3, 400],
      [3, 400],
    ] as const
    expect(ratesOf(counter)).toEqual([
      [1, 100],
      [3, 150],
      [3, 0],
    ])
    expect(ratesOf([[0, 5]])).toEqual([])
  })
})

describe("the command", () => {
  it("plays what it is told, and explains itself when it is told nothing", () => {
    expect(scaleOptions(["backlog", "dead", "--size", "0.1"])).toMatchObject({ names: ["backlog", "dead"], size: 0.1 })
    expect(scaleOptions(["all"]).names).toEqual(scaleNames)
    expect(scaleOptions([])).toMatchObject({ help: true, names: [] })
  })

  it("refuses what it does not know", () => {
    expect(() => scaleOptions(["everything"])).toThrow("everything is none of backlog, dead")
    expect(() => scaleOptions(["dead", "--size", "2"])).toThrow("--size")
  })

  it("makes a trial smaller, but never empty", () => {
    expect(sized(1_000_000, { size: 0.01 })).toBe(10_000)
    expect(sized(20, { size: 0.001 }, 5)).toBe(5)
  })
})

describe("recording", () => {
  it("replaces what stands in a document's section, and nothing else", () => {
    const document = "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n"
    const recorded = withSection(document, "a", "new\n")
    expect(recorded).toBe("before\n<!-- a -->\n\nnew\n\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n")
    expect(withSection(recorded, "a", "new")).toBe(recorded)
    expect(() => withSection(document, "c", "new")).toThrow("<!-- c -->")
  })
})

describe("seeding", () => {
  it("leaves exactly so many deliveries waiting, and so many attempts behind others", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tocsin-seeding-"))
    const workspaceId = asId<WorkspaceId>("ws_00000000000000000000000000000001")
    const webhookIds = ["wh_01", "wh_02", "wh_03"].map((id) => asId<WebhookId>(id))
    const workspace = { id: workspaceId, key: "", webhookIds }
    const told: number[] = []
    try {
      await seedPending(directory, workspace, 700, (done) => told.push(done))
      await seedHistory(directory, workspace, 100, () => {})
      const store = await openSqliteStore({ directory })
      const waiting = await store.backlogs()
      expect(told.at(-1)).toBe(700)
      expect(waiting.map((each) => each.waiting).reduce((sum, each) => sum + each, 0)).toBe(700)
      const delivered = await store.deliveries(workspaceId, { status: "delivered" }, { limit: 200, before: null })
      expect(delivered).toHaveLength(100)
      const attempts = delivered[0] ? await store.attempts(workspaceId, delivered[0].id) : []
      expect(attempts).toMatchObject([{ number: 1, statusCode: 200 }])
      await store.close()
    } finally {
      await rm(directory, { recursive: true })
    }
  }, 60_000)
})
