/** What a benchmark starts is stopped when it ends, however it ends; the last first. */
export class CleaningUp {
  readonly #steps: (() => void | Promise<void>)[] = []

  later(step: () => void | Promise<void>): void {
    this.#steps.push(step)
  }

  async now(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step()
  }
}

export async function cleanedUp<Result>(work: (cleaning: CleaningUp) => Promise<Result>): Promise<Result> {
  const cleaning = new CleaningUp()
  try {
    return await work(cleaning)
  } finally {
    await cleaning.now()
  }
}
