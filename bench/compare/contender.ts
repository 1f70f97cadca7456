import type { CleaningUp } from "../load/cleaning-up.ts"
import type { Deliverer } from "../load/deliverer.ts"
import type { Receiver, Scheme } from "../load/receiver.ts"

/** Something that is measured against the limit. */
export type Contender = {
  /** `tocsin/embedded/http/none/single`: what `--only` picks by. */
  readonly name: string
  readonly scheme: Scheme
  /** 1, or the size of the batches that events are offered in. */
  readonly perRequest: number
  /** The processes that deliver, and the database that they use beside them. */
  readonly pids: readonly number[]
  readonly databasePid: number | null
  /** Offers events and waits until the attempt of each is durably recorded. */
  deliver(events: number): Promise<void>
}

/** What contenders are started with. */
export type ContenderParts = {
  readonly cleaning: CleaningUp
  readonly receiver: Receiver
  readonly webhooks: number
  readonly say: (line: string) => void
  /** Asked for only when a variant needs it. */
  readonly database: () => Promise<{ readonly url: string; readonly pid: number }>
}

type Variant = { readonly name: string; readonly setup: string; readonly perRequest: number }

/** A contender for each load that is wanted of a setup. */
export function contendersOf(
  { pids, deliver }: Deliverer,
  setup: string,
  variants: readonly Variant[],
  databasePid: number | null,
): readonly Contender[] {
  return variants
    .filter((variant) => variant.setup === setup)
    .map(({ name, perRequest }) => ({
      ...{ name, scheme: "http", perRequest, pids, databasePid },
      deliver: (events) => deliver(events, perRequest),
    }))
}

export const batchSize = 50
export const loads = [
  { load: "single", perRequest: 1 },
  { load: "batch", perRequest: batchSize },
] as const

/**
 * Whether a name is meant: patterns are separated by commas, and a pattern's words, joined by `+`, must all be among the
 * name's parts. Without patterns all are.
 */
export function isMeant(name: string, only: string | null): boolean {
  if (only === null) return true
  const parts = new Set(name.split("/"))
  return only.split(",").some((pattern) => pattern.split("+").every((word) => parts.has(word.trim())))
}

/** Those patterns of `only` that mean none of the names: misspelt, and not to be passed over. */
export function meaningless(names: readonly string[], only: string | null): readonly string[] {
  return (only?.split(",") ?? []).filter((pattern) => !names.some((name) => isMeant(name, pattern)))
}
