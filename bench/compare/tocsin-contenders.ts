import { randomBytes } from "node:crypto"
import { throughputOf } from "../load/throughput-of.ts"
import { newDirectory, type Served, startTocsin, type TocsinServer } from "../load/tocsin-server.ts"
import { createWorkspace, type Ordering, type Workspace } from "../load/workspace.ts"
import { type Contender, type ContenderParts, loads } from "./contender.ts"

const clusterNodes = 3

/** Where a Tocsin keeps its events, and how many nodes deliver them. */
const setups = [
  { setup: "embedded", store: "embedded", nodes: 1, schemes: ["http", "https"] },
  { setup: "postgres", store: "postgres", nodes: 1, schemes: ["http", "https"] },
  { setup: "postgres/three-nodes", store: "postgres", nodes: clusterNodes, schemes: ["http"] },
] as const

export const tocsinVariants = setups.flatMap((setup) =>
  setup.schemes.flatMap((scheme) =>
    (["none", "strict"] as const).flatMap((ordering) =>
      loads.map((load) => ({
        ...load,
        ...setup,
        scheme,
        ordering,
        name: `tocsin/${setup.setup}/${scheme}/${ordering}/${load.load}`,
      })),
    ),
  ),
)
export type TocsinVariant = (typeof tocsinVariants)[number]

export type TocsinContender = Contender & { readonly server: Served; readonly workspace: Workspace }

type Parts = Omit<ContenderParts, "say"> & { readonly nodeFlags: readonly string[] }

/** Starts the servers of each setup that is needed, with a workspace for each scheme and ordering. */
export async function startTocsinContenders(
  variants: readonly TocsinVariant[],
  { cleaning, receiver, webhooks, nodeFlags, database }: Parts,
): Promise<readonly TocsinContender[]> {
  const contenders: TocsinContender[] = []
  for (const { setup, store, nodes } of setups.filter((each) => variants.some(({ setup }) => setup === each.setup))) {
    const postgres = store === "postgres" ? await database() : null
    const settings = postgres === null ? {} : onPostgres(postgres.url)
    const servers: TocsinServer[] = []
    for (let node = 0; node < nodes; node++)
      servers.push(await startTocsin(cleaning, { directory: newDirectory(cleaning), nodeFlags, settings }))
    const server = together(servers)
    const workspaces = new Map<string, Workspace>()
    for (const variant of variants.filter((each) => each.setup === setup)) {
      const { scheme, ordering } = variant
      const path = `tocsin-${setup.replace("/", "-")}-${scheme}-${ordering}`
      const workspace = workspaces.get(path) ?? (await fill(server, webhooks, receiver.url(scheme, path), ordering))
      workspaces.set(path, workspace)
      contenders.push({
        name: variant.name,
        scheme,
        perRequest: variant.perRequest,
        pids: servers.map(({ pid }) => pid),
        databasePid: postgres?.pid ?? null,
        server,
        workspace,
        deliver: async (events) => {
          await throughputOf(server, workspace, receiver, path, { events, perRequest: variant.perRequest })
        },
      })
    }
  }
  return contenders
}

/** Events go to all nodes in turn, as a load balancer sends them; what is asked of one is asked of the first. */
function together(servers: readonly TocsinServer[]): Served {
  const [first] = servers
  if (first === undefined) throw new Error("a setup has no node")
  return { address: first.address, addresses: servers.map(({ address }) => address) }
}

function onPostgres(url: string): Record<string, string> {
  return { TOCSIN_DATABASE_URL: url, TOCSIN_ENCRYPTION_KEY: randomBytes(32).toString("base64") }
}

function fill(server: Served, webhooks: number, url: string, ordering: Ordering): Promise<Workspace> {
  return createWorkspace(server.address, webhooks, () => ({ url, ordering }))
}
