import dns from "node:dns/promises"

export type ResolvedAddress = { readonly address: string; readonly family: 4 | 6 }

/**
 * Resolves a name to all its addresses, in the order in which to try them.
 * Rejects with the error of `node:dns` when it has none.
 */
export type Lookup = (name: string) => Promise<readonly ResolvedAddress[]>

/**
 * Asks the DNS directly, and the system's resolver (hosts file, search domains) for what the DNS does not have.
 *
 * `dns.lookup` alone would let receivers delay each other: it runs on libuv's thread pool, where two lookups at a time
 * are let through, so two names whose servers never answer would hold up every new connection. Queries of c-ares wait
 * on sockets, as many at once as there are.
 */
export const resolveName: Lookup = async (name) => {
  // A resolver of its own each time: it reads the system's DNS servers, which change under a running process.
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 })
  const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  // IPv4 first: a machine without IPv6 would otherwise fail once per connection before it succeeds.
  const found = [...addresses(ipv4, 4), ...addresses(ipv6, 6)]
  if (found.length > 0) return found
  const failed = [ipv4, ipv6].find((answer) => answer.status === "rejected" && isTrouble(answer.reason))
  if (failed?.status === "rejected") throw failed.reason
  const system = await dns.lookup(name, { all: true })
  return system.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

function addresses(answer: PromiseSettledResult<string[]>, family: 4 | 6): readonly ResolvedAddress[] {
  return answer.status === "fulfilled" ? answer.value.map((address) => ({ address, family })) : []
}

/** A name server that is slow or broken would be so for the system's resolver too, on a thread that others wait for. */
function isTrouble(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null
  return code === dns.TIMEOUT || code === dns.SERVFAIL
}
