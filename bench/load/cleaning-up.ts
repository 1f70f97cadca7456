type Step = () => void | Promise<void>

/** What a benchmark starts is stopped when it ends, however it ends; the last first. */
export class CleaningUp {
  readonly #steps: Step[] = []
  #done: Promise<void> | null = null

  /**
   * To be said as soon as there is something to stop: before waiting for its start, which may fail. What is begun while all
   * else is being stopped is stopped too.
   */
  later(step: Step): void {
    this.#steps.push(step)
  }

  /**
   * Takes every step, once, whatever the others did: who asks while that goes on, or afterwards, waits for the same.
   * @throws what the first that failed threw.
   */
  now(): Promise<void> {
    this.#done ??= this.#takeAll()
    return this.#done
  }

  /** Whatever ends from then on does not end by itself. */
  begun(): boolean {
    return this.#done !== null
  }

  async #takeAll(): Promise<void> {
    const failures: unknown[] = []
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** 128 and the signal's number, as shells have it. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const
type Interruption = keyof typeof exitCodes

/**
 * Cleans up after the work. When the process is interrupted meanwhile (Ctrl-C, SIGTERM) it cleans up at once and ends; a second
 * signal ends it as it is.
 *
 * @throws what the work threw; only then what cleaning up threw.
 */
export async function cleanedUp<Result>(work: (cleaning: CleaningUp) => Promise<Result>): Promise<Result> {
  const cleaning = new CleaningUp()
  const interruption = whenInterrupted(cleaning)
  try {
    let result: Result
    try {
      result = await work(cleaning)
    } catch (error) {
      // What is stopped under the work's feet fails it, which is no news: the process ends in a moment.
      if (interruption.happened()) return await new Promise<never>(() => {})
      await cleaning.now().catch(() => {})
      throw error
    }
    await cleaning.now()
    return result
  } finally {
    interruption.noMore()
  }
}

function whenInterrupted(cleaning: CleaningUp): { readonly happened: () => boolean; readonly noMore: () => void } {
  let first: Interruption | null = null
  const interrupt = (signal: Interruption) => {
    if (first !== null) process.exit(exitCodes[first])
    first = signal
    process.stderr.write(`\n${signal}: stopping what was started; once more ends at once\n`)
    // Nor is it news where nobody waits for it. It must not end the process before all is stopped.
    process.on("uncaughtException", () => {})
    const end = () => process.exit(exitCodes[signal])
    cleaning.now().then(end, (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      end()
    })
  }
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt)
  return {
    happened: () => first !== null,
    noMore: () => {
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt)
    },
  }
}
