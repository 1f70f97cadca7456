import { execFile } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { mutants } from "./mutants/mutants.ts"
import { settings } from "./plan.ts"
import type { SeedTask } from "./seed-worker.ts"
import { failureOf, isFailure, runSeeds, shortTasks, summed } from "./seeds.ts"
import { type SimulationOutcome, simulate } from "./simulation.ts"
import { counted } from "./stage.ts"

const program = fileURLToPath(new URL("./simulate.ts", import.meta.url))

function runProgram(
  ...words: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...words], { encoding: "utf8" }, (_fault, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}

/** @returns what came of them; of those that failed, how to see it again. */
async function outcomesOf(tasks: readonly SeedTask[]) {
  const outcomes: SimulationOutcome[] = []
  const failures: string[] = []
  await runSeeds({
    tasks,
    workers: Math.min(4, availableParallelism()),
    onRun({ seed, hours, setting, answer }) {
      if ("outcome" in answer) outcomes.push(answer.outcome)
      if (isFailure(answer))
        failures.push(
          `${failureOf(answer)}\n  npm run simulate -- --seed ${seed} --hours ${hours} --setting ${setting} --trace`,
        )
      return failures.length >= 3
    },
  })
  return { outcomes, failures }
}

test("thousands of seeds: whatever goes wrong in between, everything that is promised holds at every step", async () => {
  const { outcomes, failures } = await outcomesOf(shortTasks(1, Number(process.env.TOCSIN_TEST_RUNS ?? 2_000)))
  expect(failures).toEqual([])
  // Not for want of anything happening: every kind of trouble came up, and was looked at, many times over.
  const { counts, checks } = summed(outcomes)
  for (const name of counted) expect(counts[name], name).toBeGreaterThan(outcomes.length / 20)
  expect(checks).toBeGreaterThan(100 * outcomes.length)
}, 300_000)

test("hours of several nodes: what takes many turns of ownership to go wrong holds as well", async () => {
  const tasks = Array.from({ length: 16 }, (_, index) => ({
    seed: 10_001 + index,
    hours: 2,
    setting: "cluster" as const,
  }))
  const { outcomes, failures } = await outcomesOf(tasks)
  expect(failures).toEqual([])
  expect(summed(outcomes).counts.crashes).toBeGreaterThan(10 * outcomes.length)
}, 300_000)

test("what takes long to go wrong holds as well: for as long as any deliberate fault needs to show", async () => {
  const spans = new Set(mutants.flatMap(({ hours, setting }) => (setting === "cluster" ? [] : (hours ?? []))))
  expect(spans.size).toBeGreaterThan(2)
  const tasks = [...spans].flatMap((hours) =>
    Array.from({ length: 4 }, (_, index) => ({ seed: 20_001 + index, hours, setting: "memory" as const })),
  )
  expect((await outcomesOf(tasks)).failures).toEqual([])
}, 300_000)

test.each(settings)(
  "the same seed is the same run, on this thread and on another: %s",
  async (setting) => {
    const task = { seed: 4_711, hours: 0.25, setting }
    const here = await simulate(task)
    const again = await simulate(task)
    const elsewhere: SimulationOutcome[] = []
    await runSeeds({
      tasks: [task],
      workers: 1,
      onRun({ answer }) {
        if ("outcome" in answer) elsewhere.push(answer.outcome)
        return false
      },
    })
    expect(here.happenings).toBeGreaterThan(100)
    expect(again).toEqual(here)
    expect(elsewhere).toEqual([here])
    const other = await simulate({ ...task, seed: 4_712 })
    expect(other.fingerprint).not.toBe(here.fingerprint)
  },
  60_000,
)

test("a failure says what broke, where, what led to it, and how to run it again", async () => {
  const fault = ["--mutant", "two in flight in a strict lane", "--setting", "memory", "--seeds", "20", "--workers", "1"]
  const { code, out } = await runProgram(...fault)
  expect(code).toBe(1)
  expect(out).toContain("broken: one in flight per lane, at step")
  expect(out).toContain("the last happenings:")
  const [, seed, hours] =
    /npm run simulate -- --seed (\d+) --hours ([\d.]+) --setting memory --mutant "two in flight in a strict lane" --trace/.exec(
      out,
    ) ?? []
  const again = async () => {
    const words = ["--mutant", "two in flight in a strict lane", "--setting", "memory", "--json"]
    const run = await runProgram(...words, "--seed", String(seed), "--hours", String(hours))
    const { failures }: { failures: { outcome: SimulationOutcome }[] } = JSON.parse(run.out)
    return failures[0]?.outcome
  }
  const outcome = await again()
  expect(outcome?.violation?.invariant).toBe("one in flight per lane")
  expect(await again()).toEqual(outcome)
}, 120_000)

test("a wrong command line is told what to write", async () => {
  expect(await runProgram("--hours", "never")).toMatchObject({
    code: 2,
    err: expect.stringContaining("--hours is a number"),
  })
  expect(await runProgram("--help")).toMatchObject({ code: 0, out: expect.stringContaining("--seed N") })
}, 60_000)
