/** An invariant that does not hold, and what shows it. */
export type Violation = { readonly invariant: string; readonly what: string }

/** Collects what was found; the first is what counts, since what follows may be of its making. */
export class Verdicts {
  first: Violation | null = null
  #checks = 0

  /** How often something was checked: a checker that looked at nothing finds nothing. */
  get checks(): number {
    return this.#checks
  }

  hold(holds: boolean, invariant: string, what: () => string): void {
    this.#checks++
    if (!holds) this.broken(invariant, what())
  }

  broken(invariant: string, what: string): void {
    this.first ??= { invariant, what }
  }
}
