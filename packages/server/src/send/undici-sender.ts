import type { Socket } from "node:net"
import tls from "node:tls"
import { Agent } from "undici"
import type { FailureCode, HeaderList } from "../domain/delivery.ts"
import { type Sender, type SendRequest, type SendResult, socketsPerOriginMax } from "../ports/sender.ts"
import { parseAddress } from "./address-rules.ts"
import { Agents, secureContext } from "./agents.ts"
import { nothingListed, type TargetList, type TargetPolicy } from "./allowed-targets.ts"
import { guardedConnector, within } from "./connect.ts"
import type { EgressProxy } from "./egress-proxy.ts"
import { Exchange } from "./exchange.ts"
import { SendFailure } from "./failure-codes.ts"
import { type Lookup, resolveName } from "./resolve.ts"
import { checkTarget, refusalOfAddresses, type Target, type TargetCheck, unexemptHttp } from "./target-rules.ts"

export type SenderOptions = {
  /** Exempt from the https-only and private-address rules. None by default. */
  readonly allowedTargets?: TargetList
  /** Never sent to, exempt or not. None by default. */
  readonly deniedTargets?: TargetList
  /** Through which all connections go; the rules for addresses hold before it is asked. None by default. */
  readonly egressProxy?: EgressProxy | null
  /** For lookup, TCP and TLS together; an attempt's own deadline may be sooner. 10 s by default. */
  readonly connectTimeoutMs?: number
  /** The DNS, by default. Tests hand in their own. */
  readonly lookup?: Lookup
  /** Further requests to the same origin wait, their deadlines running. `socketsPerOriginMax` by default. */
  readonly maxSocketsPerOrigin?: number
  /** PEM certificates of authorities to trust beside the usual ones. */
  readonly trustedCertificates?: readonly string[]
}

/** How long an idle connection is kept, unless the receiver's `Keep-Alive` says less. Below most servers' 5 s. */
const idleMs = 4_000
/** However long a receiver asks idle connections to be kept. */
const idleMaxMs = 30_000
/** A connection is given up this long before the receiver has said it will close it: neither then races the other. */
const idleMarginMs = 1_000
/** Names and values of all headers together. */
const headerBytesMax = 16 * 1024
/** At registration an unresolved name is no obstacle, so it is not waited for long. */
const registrationLookupMs = 3_000
/** URLs whose check is remembered. A process sends to few distinct URLs, many times each. */
const rememberedUrls = 4_096

/** Opens the sender of the running engine: undici's keep-alive pools behind the SSRF rules of `target-rules.ts`. */
export function openSender(options: SenderOptions = {}): Sender {
  return new UndiciSender(options)
}

class UndiciSender implements Sender {
  readonly #policy: TargetPolicy
  readonly #lookup: Lookup
  /** For receivers without wishes of their own. */
  readonly #agent: Agent
  readonly #agents: Agents
  readonly #checked = new Map<string, TargetCheck>()
  readonly #dialling = new Set<Socket>()
  #underWay = 0
  #closed: PromiseWithResolvers<void> | null = null

  constructor(options: SenderOptions) {
    this.#policy = {
      allowed: options.allowedTargets ?? nothingListed,
      denied: options.deniedTargets ?? nothingListed,
    }
    this.#lookup = options.lookup ?? resolveName
    const authorities = options.trustedCertificates && [
      ...tls.getCACertificates("default"),
      ...options.trustedCertificates,
    ]
    const usual = secureContext(null, authorities)
    const through = options.egressProxy ? { proxy: options.egressProxy, secureContext: usual } : null
    const agentFor = (secureContext: tls.SecureContext) =>
      new Agent({
        connect: guardedConnector({
          policy: this.#policy,
          through,
          lookup: this.#lookup,
          timeoutMs: options.connectTimeoutMs ?? 10_000,
          dialling: this.#dialling,
          secureContext,
        }),
        connections: options.maxSocketsPerOrigin ?? socketsPerOriginMax,
        // Never more than one request on a connection: what a receiver does to one must not touch the next.
        pipelining: 1,
        allowH2: false,
        keepAliveTimeout: idleMs,
        keepAliveMaxTimeout: idleMaxMs,
        keepAliveTimeoutThreshold: idleMarginMs,
        maxHeaderSize: headerBytesMax,
        // Each exchange has one deadline for everything; undici's own timers are coarser and would only be in its way.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
    this.#agent = agentFor(usual)
    this.#agents = new Agents((wish) => agentFor(secureContext(wish, authorities)))
  }

  send(request: SendRequest): Promise<SendResult> {
    const check = this.#check(request.url)
    if (!check.ok) {
      return Promise.resolve(unsent("blocked_address", check.because))
    }
    if (this.#closed !== null) return Promise.resolve(unsent("internal", "The sender is closed"))
    const agent = request.tls ? this.#agents.of(request.tls) : this.#agent
    if (agent instanceof SendFailure) return Promise.resolve(unsent(agent.code, agent.message))
    this.#underWay += 1
    return new Promise((settle) =>
      this.#exchange(agent, check.target, request, (result) => {
        this.#underWay -= 1
        if (this.#underWay === 0) this.#closed?.resolve()
        settle(result)
      }),
    )
  }

  async refusal(url: string): Promise<string | null> {
    const check = this.#check(url)
    if (!check.ok) return check.because
    const { target } = check
    if (parseAddress(target.host) !== null) return null
    const addresses = await this.#addressesNow(target.host)
    // Without addresses there is nothing to hold against an https target (its DNS may come later), and nothing that
    // would exempt an http one, unless its name is listed.
    if (addresses.length === 0) {
      const exempt = target.secure || this.#policy.allowed.hostListed(target.host, target.port)
      return exempt ? null : unexemptHttp(target)
    }
    return refusalOfAddresses(target, addresses, this.#policy)
  }

  /** Lets exchanges under way end, each by its own deadline, and closes all connections. */
  async close(): Promise<void> {
    if (this.#closed === null) {
      this.#closed = Promise.withResolvers()
      if (this.#underWay === 0) this.#closed.resolve()
    }
    await this.#closed.promise
    // Destroyed, not closed: undici would wait for connections in the making, and no exchange does any more.
    if (!this.#agent.destroyed) await this.#agent.destroy()
    await this.#agents.destroy()
    for (const socket of this.#dialling) socket.destroy()
  }

  #exchange(agent: Agent, target: Target, request: SendRequest, settle: (result: SendResult) => void): void {
    const options = {
      origin: target.origin,
      path: target.path,
      method: "POST",
      headers: flat(request.headers),
      body: request.body,
    } as const
    new Exchange(request.timeoutMs, (handler) => agent.dispatch(options, handler), settle).start()
  }

  #check(url: string): TargetCheck {
    const known = this.#checked.get(url)
    if (known !== undefined) return known
    const check = checkTarget(url, this.#policy)
    if (this.#checked.size >= rememberedUrls) this.#checked.clear()
    this.#checked.set(url, check)
    return check
  }

  async #addressesNow(host: string): Promise<readonly string[]> {
    try {
      return (await within(registrationLookupMs, this.#lookup(host))).map(({ address }) => address)
    } catch {
      return []
    }
  }
}

function unsent(code: FailureCode, message: string): SendResult {
  return { durationMs: 0, response: null, failure: { code, message } }
}

/** undici's cheapest form of headers: names and values in turn. */
function flat(headers: HeaderList): string[] {
  const list: string[] = []
  for (const [name, value] of headers) list.push(name, value)
  return list
}
