import { expect, test } from "vitest"
import { Places } from "../../src/dispatch/places.ts"
import { asId, type WorkspaceId } from "../../src/domain/ids.ts"

const [greedy, modest] = [asId<WorkspaceId>("ws_1"), asId<WorkspaceId>("ws_2")]

/** @returns how many it was given. */
function fill(places: Places, workspaceId: WorkspaceId): number {
  let given = 0
  for (; places.admission(workspaceId) === "free"; given++) places.enter(workspaceId)
  return given
}

test("one workspace gets most places, and never the last ones: those are kept for others", () => {
  const places = new Places(80)
  expect(fill(places, greedy)).toBe(60)
  expect(places.admission(greedy)).toBe("kept")
  expect(fill(places, modest)).toBe(10)
  expect(places.admission(modest)).toBe("kept")
  expect(fill(places, asId("ws_3"))).toBe(10)
  for (const workspaceId of [greedy, modest]) expect(places.admission(workspaceId)).toBe("full")
  for (let left = 0; left < 21; left++) places.leave(greedy)
  expect(places.taken).toBe(59)
  expect(places.admission(greedy)).toBe("free")
})
