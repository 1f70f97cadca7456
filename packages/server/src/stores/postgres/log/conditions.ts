import type { Value } from "../session.ts"

/** Conditions on `$1`, the workspace, and further values. */
export class Conditions {
  readonly #texts: string[]
  readonly #values: Value[]

  constructor(texts: readonly string[], values: readonly Value[]) {
    this.#texts = [...texts]
    this.#values = [...values]
  }

  /** @param condition with `?` for the value */
  add(condition: string, value: Value): this {
    this.#texts.push(condition.replaceAll("?", this.parameter(value)))
    return this
  }

  /** @returns the name of a new parameter with this value */
  parameter(value: Value): string {
    this.#values.push(value)
    return `$${this.#values.length}`
  }

  and(...texts: readonly string[]): Conditions {
    return new Conditions([...this.#texts, ...texts], this.#values)
  }

  get sql(): string {
    return this.#texts.join(" AND ")
  }

  get values(): readonly Value[] {
    return this.#values
  }
}
