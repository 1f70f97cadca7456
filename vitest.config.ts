import { defineConfig } from "vitest/config"

/** What measures frames or how soon traffic goes on: nothing else may run beside it. */
const timed = [
  "packages/server/test/e2e/dashboard/long-lists.test.ts",
  "packages/server/test/e2e/postgres/faults.test.ts",
  "packages/server/test/e2e/torture.test.ts",
]

/** What tests of real processes, databases, sockets and browsers need on a busy machine. */
const patience = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // What is waited for goes through processes and browsers: the default of a second is for busy machines too short.
  expect: { poll: { timeout: 10_000 } },
}

/**
 * Tests open and close hundreds of stores, each with threads whose TypeScript is stripped in WebAssembly. `npm test` has
 * Node keep what it compiled (`NODE_COMPILE_CACHE`), which saves half of that. And where the processor has protection
 * keys, V8 then now and then loses track of its code pages and ends the process ("Check failed: jit_page.has_value()",
 * known of Node 24). A server opens its threads once.
 */
const execArgv = ["--no-memory-protection-keys"]

export default defineConfig({
  test: {
    // One group after the other, so that two cores are not oversubscribed.
    projects: [
      {
        test: {
          name: "fast",
          include: ["packages/*/test/**/*.test.ts", "bench/test/**/*.test.ts"],
          exclude: ["packages/*/test/e2e/**"],
          // Vitest leaves a core to itself, of two: it hardly needs one.
          maxWorkers: "100%",
          // Virtual time is computed: on a busy machine a test that takes one second here took eighteen.
          testTimeout: 30_000,
          execArgv,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["packages/*/test/e2e/**/*.test.ts"],
          exclude: timed,
          // Each file starts processes of its own and mostly waits for them; with three, bounds on time did not hold.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...patience,
          execArgv,
        },
      },
      {
        test: {
          name: "timed",
          include: timed,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...patience,
          execArgv,
        },
      },
    ],
  },
})
