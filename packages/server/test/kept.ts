import { onTestFinished } from "vitest"

/** Closes it when the test is over, the last first: for what a test opens. */
export function kept<T extends { close(): Promise<void> }>(one: T): T {
  onTestFinished(() => one.close())
  return one
}
