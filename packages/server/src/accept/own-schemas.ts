import type { WorkspaceId } from "../domain/ids.ts"
import type { JsonSchema } from "../domain/workspace.ts"
import type { Clock } from "../ports/clock.ts"
import { areCompiled, type Check, checkMaxMs, compileAll, type Flaw, ownFlaws, schemaFlaw } from "./schema-check.ts"
import { type TimeShare, TimeShares } from "./time-shares.ts"

/** One workspace's slow schema must not take the process's time again and again. */
const tooSlowPauseMs = 10_000

/** Of the thread on which everybody's events are accepted. */
const checking: TimeShare = { share: 1 / 3, burstMs: 200 }
/**
 * Not charged, of each event: as much as accepting it takes anyhow. A schema of 20 properties with formats takes 5 to
 * 10 µs, so that its events are checked as fast as they can be stored; without this, a batch after the other was refused.
 */
const freePerEventMs = 0.04

/** Once for each schema and start, 7 ms with 20 properties: hundreds may be published to at once after a start. */
const compiling: TimeShare = { share: 1 / 3, burstMs: 5_000 }

/** So many that a hundred ordinary types are registered without a pause, and then a tenth of the time. */
const registering: TimeShare = { share: 1 / 10, burstMs: 1_000 }
/** A registration that took longer is followed by a pause at once. A schema of a hundred properties takes some 40 ms. */
const registrationUnnoticedMs = 100
const pausePerMs = 9

/** Outcome of checking events. */
export type CheckVerdict =
  /** A flaw or null for each, in their order. */
  | { readonly is: "checked"; readonly flaws: readonly (Flaw | null)[] }
  /** These took too long; those after them have to wait. */
  | { readonly is: "tooSlow"; readonly waitMs: number }
  /** Those before them took too long, or schemas are still to be compiled: these were not looked at. */
  | { readonly is: "notYet"; readonly waitMs: number }

/** Outcome of a registration's check. */
export type SchemaVerdict =
  | { readonly is: "fit" }
  | { readonly is: "unfit"; readonly flaw: Flaw }
  /** Its last schemas took long: not even looked at. */
  | { readonly is: "tooSoon"; readonly waitMs: number }

/**
 * Checks with the schemas that workspaces register. Each time is bounded, and all of a workspace's together to a share:
 * many that end just within their bound would keep everybody else waiting as one without end does.
 */
export class OwnSchemas {
  readonly #clock: Pick<Clock, "monotonic">
  // Apart from each other: who registers large schemas goes on publishing.
  readonly #checking: TimeShares
  readonly #compiling: TimeShares
  readonly #registering: TimeShares

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock
    this.#checking = new TimeShares(clock, checking)
    this.#compiling = new TimeShares(clock, compiling)
    this.#registering = new TimeShares(clock, registering)
  }

  check(workspaceId: WorkspaceId, checks: readonly Check[]): CheckVerdict {
    const waitMs = this.#checking.waitMs(workspaceId)
    if (waitMs > 0) return { is: "notYet", waitMs }
    if (!areCompiled(checks)) {
      const uncompiled = this.#compile(workspaceId, checks)
      if (uncompiled !== null) return uncompiled
    }
    const { flaws, tookMs } = ownFlaws(this.#clock, checks)
    if (flaws === null) return { is: "tooSlow", waitMs: this.#pause(workspaceId) }
    this.#checking.charge(workspaceId, tookMs - checks.length * freePerEventMs)
    return { is: "checked", flaws }
  }

  /** Apart from the checks, whose bound it would use up. @returns null once all are compiled. */
  #compile(workspaceId: WorkspaceId, checks: readonly Check[]): CheckVerdict | null {
    const waitMs = this.#compiling.waitMs(workspaceId)
    if (waitMs > 0) return { is: "notYet", waitMs }
    const startedMs = this.#clock.monotonic()
    const inTime = compileAll(checks)
    this.#compiling.charge(workspaceId, this.#clock.monotonic() - startedMs)
    return inTime ? null : { is: "notYet", waitMs: this.#pause(workspaceId) }
  }

  #pause(workspaceId: WorkspaceId): number {
    this.#checking.pause(workspaceId, tooSlowPauseMs)
    return tooSlowPauseMs
  }

  /**
   * Whether a schema can be registered.
   *
   * @param sample to fit the schema; null without one.
   * @returns a flaw with a pointer into `{schema, sample}`.
   */
  registration(workspaceId: WorkspaceId, schema: JsonSchema, sample: object | null): SchemaVerdict {
    const waitMs = this.#registering.waitMs(workspaceId)
    if (waitMs > 0) return { is: "tooSoon", waitMs }
    const startedMs = this.#clock.monotonic()
    const { flaw, leastMs } = this.#registrationFlaw(schema, sample)
    const tookMs = Math.max(leastMs, this.#clock.monotonic() - startedMs)
    if (tookMs < registrationUnnoticedMs) this.#registering.charge(workspaceId, tookMs)
    else this.#registering.pause(workspaceId, tookMs * pausePerMs)
    return flaw === null ? { is: "fit" } : { is: "unfit", flaw }
  }

  /** `leastMs`: what it counts as having taken, where a deep sample has ended the stack before the time. */
  #registrationFlaw(
    schema: JsonSchema,
    sample: object | null,
  ): { readonly flaw: Flaw | null; readonly leastMs: number } {
    const unusable = schemaFlaw(schema)
    if (unusable !== null) return { flaw: { pointer: "/schema", detail: unusable }, leastMs: 0 }
    if (sample === null) return { flaw: null, leastMs: 0 }
    const { flaws } = ownFlaws(this.#clock, [{ schema, data: sample, characters: JSON.stringify(sample).length }])
    if (flaws === null) {
      const detail = "takes too long to check against the schema; simplify it"
      return { flaw: { pointer: "/sample", detail }, leastMs: checkMaxMs }
    }
    const [misfit] = flaws
    if (!misfit) return { flaw: null, leastMs: 0 }
    const detail = `does not fit the schema: ${misfit.detail}`
    return { flaw: { pointer: `/sample${misfit.pointer}`, detail }, leastMs: 0 }
  }
}
