import { describe, expect, test } from "vitest"
import { StoreUnavailable } from "../../src/ports/store.ts"
import { GroupCommit, type GroupCommitOptions, type Outcome } from "../../src/stores/group-commit.ts"

type Commit = { readonly batch: readonly string[]; readonly finish: () => void; readonly fail: (error: Error) => void }

/** A group whose commits are finished by hand. Operations beginning with "bad" fail alone. */
function group(options: Partial<GroupCommitOptions<string, string>> = {}) {
  const commits: Commit[] = []
  const commit = (batch: readonly string[]) =>
    new Promise<readonly Outcome<string>[]>((resolve, reject) => {
      const outcomes = batch.map(
        (operation): Outcome<string> =>
          operation.startsWith("bad")
            ? { ok: false, error: new Error(operation) }
            : { ok: true, value: operation.toUpperCase() },
      )
      commits.push({ batch, finish: () => resolve(outcomes), fail: reject })
    })
  const roomy = { operationsMax: 1_000, bytesMax: 1_000_000 }
  const subject = new GroupCommit<string, string>({ commit, queue: roomy, batch: roomy, ...options })
  const add = (operation: string, bound: "refusable" | "always" = "refusable", sizeBytes = 1) =>
    subject.submit(operation, sizeBytes, bound)
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const commitAt = (index: number): Commit => {
    const found = commits[index]
    if (found === undefined) throw new Error(`there was no commit ${index}`)
    return found
  }
  return { subject, add, commits, commitAt, turn }
}

describe("group commit", () => {
  test("what one turn brings shares a commit; while it runs, the next batch gathers", async () => {
    const { add, commits, commitAt, turn } = group()
    const first = [add("a"), add("b")]
    await turn()
    const second = [add("c"), add("d"), add("e")]
    await turn()
    expect(commits.map((commit) => commit.batch)).toEqual([["a", "b"]])
    commitAt(0).finish()
    expect(await Promise.all(first)).toEqual(["A", "B"])
    expect(commits.map((commit) => commit.batch)).toEqual([
      ["a", "b"],
      ["c", "d", "e"],
    ])
    commitAt(1).finish()
    expect(await Promise.all(second)).toEqual(["C", "D", "E"])
  })

  test("the next commit has begun when the callers of the last one hear of it", async () => {
    const { add, commits, commitAt, turn } = group()
    const first = add("a").then(() => commits.length)
    await turn()
    add("b")
    commitAt(0).finish()
    expect(await first).toBe(2)
  })

  test("one that fails does so alone", async () => {
    const { add, commitAt, turn } = group()
    const all = Promise.allSettled([add("a"), add("bad one"), add("c")])
    await turn()
    commitAt(0).finish()
    expect(await all).toMatchObject([{ value: "A" }, { reason: { message: "bad one" } }, { value: "C" }])
  })

  test("a commit that fails fails its batch, and the next one goes on", async () => {
    const { add, commitAt, turn } = group()
    const lost = Promise.allSettled([add("a"), add("b")])
    await turn()
    const kept = add("c")
    commitAt(0).fail(new StoreUnavailable("the disk is full"))
    expect(await lost).toMatchObject([
      { reason: { message: "the disk is full" } },
      { reason: { message: "the disk is full" } },
    ])
    commitAt(1).finish()
    expect(await kept).toBe("C")
  })

  test("a full queue refuses what may be refused, counting what is being committed", async () => {
    const { add, commitAt, turn } = group({ queue: { operationsMax: 2, bytesMax: 100 } })
    const taken = [add("a"), add("b")]
    await turn()
    await expect(add("c")).rejects.toBeInstanceOf(StoreUnavailable)
    taken.push(add("settlement", "always"))
    commitAt(0).finish()
    await turn()
    commitAt(1).finish()
    expect(await Promise.all(taken)).toEqual(["A", "B", "SETTLEMENT"])
    const later = add("d")
    await turn()
    commitAt(2).finish()
    expect(await later).toBe("D")
  })

  test("a queue full of bytes refuses too, but an empty one takes anything", async () => {
    const { add, commitAt, turn } = group({ queue: { operationsMax: 10, bytesMax: 100 } })
    const large = add("large", "refusable", 1_000)
    await expect(add("small", "refusable", 1)).rejects.toBeInstanceOf(StoreUnavailable)
    await turn()
    commitAt(0).finish()
    expect(await large).toBe("LARGE")
  })

  test("batches are bounded in operations and bytes, and keep the order", async () => {
    const { add, commits, commitAt, turn } = group({ batch: { operationsMax: 3, bytesMax: 10 } })
    const sizes = { a: 1, b: 1, c: 1, d: 1, e: 9, f: 1, g: 50, h: 1 }
    const all = Promise.all(Object.entries(sizes).map(([operation, bytes]) => add(operation, "refusable", bytes)))
    await turn()
    for (let index = 0; index < commits.length; index++) {
      commitAt(index).finish()
      await turn()
    }
    expect(commits.map((commit) => commit.batch.join(""))).toEqual(["abc", "de", "f", "g", "h"])
    expect(await all).toEqual(["A", "B", "C", "D", "E", "F", "G", "H"])
  })

  test("with two under way, many are shared between both, few go together, and the third batch gathers", async () => {
    const { add, commits, commitAt, turn } = group({ inFlightMax: 2 })
    const sizes = () => commits.map((commit) => commit.batch.length)
    const many = Array.from({ length: 300 }, (_, index) => add(`n${index}`))
    await turn()
    expect(sizes()).toEqual([150, 150])
    const few = [add("a"), add("b")]
    await turn()
    expect(sizes()).toEqual([150, 150])
    commitAt(0).finish()
    await many[0]
    expect(sizes()).toEqual([150, 150, 2])
    commitAt(1).finish()
    commitAt(2).finish()
    expect(await Promise.all(few)).toEqual(["A", "B"])
    expect(await Promise.all(many)).toEqual(many.map((_, index) => `N${index}`))
    add("c")
    add("d")
    await turn()
    expect(sizes()).toEqual([150, 150, 2, 2])
    commitAt(3).finish()
  })

  test("closing lets what was submitted finish and refuses the rest", async () => {
    const { subject, add, commitAt, turn } = group()
    const last = add("a")
    let closed = false
    const closing = subject.close().then(() => {
      closed = true
    })
    await expect(add("b", "always")).rejects.toBeInstanceOf(StoreUnavailable)
    await turn()
    expect(closed).toBe(false)
    commitAt(0).finish()
    expect(await last).toBe("A")
    await closing
    await group().subject.close()
  })
})
