import { randomBytes } from "node:crypto"
import type { CleaningUp } from "../load/cleaning-up.ts"
import type { Receiver } from "../load/receiver.ts"
import { throughputOf } from "../load/throughput-of.ts"
import { newDirectory, startTocsin, type TocsinServer } from "../load/tocsin-server.ts"
import { createWorkspace, type Ordering, type Workspace } from "../load/workspace.ts"
import { type Contender, loads } from "./contender.ts"

export const tocsinVariants = (["embedded", "postgres"] as const).flatMap((store) =>
  (["http", "https"] as const).flatMap((scheme) =>
    (["none", "strict"] as const).flatMap((ordering) =>
      loads.map((load) => ({
        ...load,
        store,
        scheme,
        ordering,
        name: `tocsin/${store}/${scheme}/${ordering}/${load.load}`,
      })),
    ),
  ),
)
export type TocsinVariant = (typeof tocsinVariants)[number]

export type TocsinContender = Contender & { readonly server: TocsinServer; readonly workspace: Workspace }

type Parts = {
  readonly cleaning: CleaningUp
  readonly receiver: Receiver
  readonly webhooks: number
  readonly nodeFlags: readonly string[]
  /** Asked for only when a variant needs it. */
  readonly database: () => Promise<{ readonly url: string; readonly pid: number }>
}

/** Starts a server for each store that is needed, with a workspace for each scheme and ordering. */
export async function startTocsinContenders(
  variants: readonly TocsinVariant[],
  { cleaning, receiver, webhooks, nodeFlags, database }: Parts,
): Promise<readonly TocsinContender[]> {
  const contenders: TocsinContender[] = []
  for (const store of new Set(variants.map((variant) => variant.store))) {
    const postgres = store === "postgres" ? await database() : null
    const server = await startTocsin(cleaning, {
      directory: newDirectory(cleaning),
      nodeFlags,
      settings: postgres === null ? {} : onPostgres(postgres.url),
    })
    const workspaces = new Map<string, Workspace>()
    for (const variant of variants.filter((each) => each.store === store)) {
      const { scheme, ordering } = variant
      const path = `tocsin-${store}-${scheme}-${ordering}`
      const workspace = workspaces.get(path) ?? (await fill(server, webhooks, receiver.url(scheme, path), ordering))
      workspaces.set(path, workspace)
      contenders.push({
        name: variant.name,
        scheme,
        perRequest: variant.perRequest,
        pid: server.pid,
        databasePid: postgres?.pid ?? null,
        server,
        workspace,
        deliver: async (events) => {
          await throughputOf(server, workspace, receiver, path, events, variant.perRequest)
        },
      })
    }
  }
  return contenders
}

function onPostgres(url: string): Record<string, string> {
  return { TOCSIN_DATABASE_URL: url, TOCSIN_ENCRYPTION_KEY: randomBytes(32).toString("base64") }
}

function fill(server: TocsinServer, webhooks: number, url: string, ordering: Ordering): Promise<Workspace> {
  return createWorkspace(server.address, webhooks, () => ({ url, ordering }))
}
