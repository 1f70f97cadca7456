import type { Outcome } from "../../group-commit.ts"

/**
 * Makes a batch in one commit. Should an operation fail, which no valid one does, the operations are made again one at
 * a time, so that it fails alone.
 *
 * @param isHopeless whether the error is not any operation's fault: then the whole batch has failed.
 */
export async function eachAlone<Operation, Result>(
  batch: readonly Operation[],
  commit: (batch: readonly Operation[]) => Promise<readonly Result[]>,
  isHopeless: (error: unknown) => boolean,
): Promise<readonly Outcome<Result>[]> {
  try {
    return (await commit(batch)).map((value) => ({ ok: true, value }))
  } catch (error) {
    if (batch.length === 1 || isHopeless(error)) throw error
  }
  const outcomes: Outcome<Result>[] = []
  for (const operation of batch) {
    try {
      for (const value of await commit([operation])) outcomes.push({ ok: true, value })
    } catch (error) {
      outcomes.push({ ok: false, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }
  return outcomes
}
