import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "fast",
          include: ["packages/*/test/**/*.test.ts", "bench/test/**/*.test.ts"],
          exclude: ["packages/*/test/e2e/**"],
          // Virtual time is computed: on a busy machine a test that takes one second here took eighteen.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["packages/*/test/e2e/**/*.test.ts"],
          // Real processes, databases and sockets: after all else and one file at a time, so that two cores are not
          // oversubscribed.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // What is waited for goes through processes and browsers: the default of a second is for busy machines too short.
          expect: { poll: { timeout: 10_000 } },
        },
      },
    ],
  },
})
