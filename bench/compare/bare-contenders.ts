import { startBarePath } from "../bare/start-bare-path.ts"
import { newDirectory } from "../load/tocsin-server.ts"
import { type Contender, type ContenderParts, contendersOf, loads } from "./contender.ts"

const setups = [
  { setup: "embedded", processes: 1 },
  { setup: "postgres", processes: 1 },
  { setup: "postgres/three-nodes", processes: 3 },
] as const

export const bareVariants = setups.flatMap(({ setup }) =>
  loads.map((load) => ({ ...load, setup, name: `bare/${setup}/${load.load}` })),
)
export type BareVariant = (typeof bareVariants)[number]

/** Starts the bare path on each store that is needed. */
export async function startBareContenders(
  variants: readonly BareVariant[],
  { cleaning, receiver, webhooks, say, database }: ContenderParts,
): Promise<readonly Contender[]> {
  const contenders: Contender[] = []
  for (const { setup, processes } of setups.filter((each) => variants.some(({ setup }) => setup === each.setup))) {
    say(`starting the bare path, ${setup}`)
    const found = setup === "embedded" ? null : await database()
    const store =
      found === null
        ? { kind: "sqlite" as const, directory: newDirectory(cleaning) }
        : { kind: "postgres" as const, url: found.url }
    const task = { store, receiverUrl: receiver.url("http", `bare-${setup.replace("/", "-")}`) }
    const running = await startBarePath(cleaning, task, webhooks, processes)
    contenders.push(...contendersOf(running, setup, variants, found?.pid ?? null))
  }
  return contenders
}
