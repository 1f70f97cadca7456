type Step = () => void | Promise<void>

/** What a benchmark starts is stopped when it ends, however it ends; the last first. */
export class CleaningUp {
  readonly #steps: Step[] = []

  /** To be said as soon as there is something to stop: before waiting for its start, which may fail. */
  later(step: Step): void {
    this.#steps.push(step)
  }

  /** Takes every step, whatever the others did. @throws what the first that failed threw. */
  async now(): Promise<void> {
    const failures: unknown[] = []
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** @throws what the work threw; only then what cleaning up threw. */
export async function cleanedUp<Result>(work: (cleaning: CleaningUp) => Promise<Result>): Promise<Result> {
  const cleaning = new CleaningUp()
  let result: Result
  try {
    result = await work(cleaning)
  } catch (error) {
    await cleaning.now().catch(() => {})
    throw error
  }
  await cleaning.now()
  return result
}
