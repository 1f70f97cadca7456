import { startBarePath } from "../bare/start-bare-path.ts"
import type { CleaningUp } from "../load/cleaning-up.ts"
import type { Receiver } from "../load/receiver.ts"
import { newDirectory } from "../load/tocsin-server.ts"
import { type Contender, loads } from "./contender.ts"

const setups = ["embedded", "postgres"] as const

export const bareVariants = setups.flatMap((setup) =>
  loads.map((load) => ({ ...load, setup, name: `bare/${setup}/${load.load}` })),
)
export type BareVariant = (typeof bareVariants)[number]

type Parts = {
  readonly cleaning: CleaningUp
  readonly receiver: Receiver
  readonly webhooks: number
  readonly say: (line: string) => void
  /** Asked for only when a variant needs it. */
  readonly database: () => Promise<{ readonly url: string; readonly pid: number }>
}

/** Starts the bare path on each store that is needed. */
export async function startBareContenders(
  variants: readonly BareVariant[],
  { cleaning, receiver, webhooks, say, database }: Parts,
): Promise<readonly Contender[]> {
  const contenders: Contender[] = []
  for (const setup of setups.filter((each) => variants.some((variant) => variant.setup === each))) {
    say(`starting the bare path, ${setup}`)
    const found = setup === "postgres" ? await database() : null
    const store =
      found === null
        ? { kind: "sqlite" as const, directory: newDirectory(cleaning) }
        : { kind: "postgres" as const, url: found.url }
    const task = { store, receiverUrl: receiver.url("http", `bare-${setup}`) }
    const running = await startBarePath(cleaning, task, webhooks)
    for (const { name, perRequest } of variants.filter((variant) => variant.setup === setup)) {
      contenders.push({
        name,
        scheme: "http",
        perRequest,
        pids: [running.pid],
        databasePid: found?.pid ?? null,
        deliver: (events) => running.deliver(events, perRequest),
      })
    }
  }
  return contenders
}
