import type { WorkspaceId } from "../domain/ids.ts"
import type { JsonSchema } from "../domain/workspace.ts"
import type { Clock } from "../ports/clock.ts"
import { type Check, type Flaw, ownFlaws, schemaFlaw } from "./schema-check.ts"

/** One workspace's slow schema must not take the process's time again and again. */
export const tooSlowPauseMs = 10_000
/** A registration that took longer is followed by a pause. A schema of a hundred properties takes some 30 ms. */
const registrationUnnoticedMs = 100
/** So that a workspace which registers one costly schema after another gets a tenth of the process's time. */
const pausePerMs = 9

/** Outcome of a registration's check. */
export type SchemaVerdict =
  | { readonly is: "fit" }
  | { readonly is: "unfit"; readonly flaw: Flaw }
  /** Its last schemas took long: not even looked at. */
  | { readonly is: "tooSoon"; readonly waitMs: number }

/** Checks with the schemas that workspaces register, each held to a time, so that nobody else notices a slow one. */
export class OwnSchemas {
  readonly #clock: Clock
  // Apart from each other: who registers large schemas goes on publishing.
  readonly #checksPausedUntilMs = new Map<WorkspaceId, number>()
  readonly #registrationsPausedUntilMs = new Map<WorkspaceId, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns a flaw or null for each, in their order; null in place of them all when they take too long. */
  flaws(workspaceId: WorkspaceId, checks: readonly Check[]): readonly (Flaw | null)[] | null {
    const nowMs = this.#clock.monotonic()
    if (nowMs < (this.#checksPausedUntilMs.get(workspaceId) ?? 0)) return null
    const flaws = ownFlaws(checks)
    if (flaws === null) this.#checksPausedUntilMs.set(workspaceId, nowMs + tooSlowPauseMs)
    return flaws
  }

  /**
   * Whether a schema can be registered.
   *
   * @param sample to fit the schema; null without one.
   * @returns a flaw with a pointer into `{schema, sample}`.
   */
  registration(workspaceId: WorkspaceId, schema: JsonSchema, sample: object | null): SchemaVerdict {
    const nowMs = this.#clock.monotonic()
    const waitMs = (this.#registrationsPausedUntilMs.get(workspaceId) ?? 0) - nowMs
    if (waitMs > 0) return { is: "tooSoon", waitMs }
    const startedMs = performance.now()
    const flaw = registrationFlaw(schema, sample)
    const tookMs = performance.now() - startedMs
    if (tookMs > registrationUnnoticedMs) {
      this.#registrationsPausedUntilMs.set(workspaceId, nowMs + tookMs * (pausePerMs + 1))
    }
    return flaw === null ? { is: "fit" } : { is: "unfit", flaw }
  }
}

function registrationFlaw(schema: JsonSchema, sample: object | null): Flaw | null {
  const unusable = schemaFlaw(schema)
  if (unusable !== null) return { pointer: "/schema", detail: unusable }
  if (sample === null) return null
  const checked = ownFlaws([{ schema, data: sample }])
  if (checked === null) return { pointer: "/sample", detail: "takes too long to check against the schema; simplify it" }
  const [misfit] = checked
  return misfit ? { pointer: `/sample${misfit.pointer}`, detail: `does not fit the schema: ${misfit.detail}` } : null
}
