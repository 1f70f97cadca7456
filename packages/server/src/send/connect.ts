import net from "node:net"
import tls from "node:tls"
import type { buildConnector } from "undici"
import { parseAddress } from "./address-rules.ts"
import { type TargetPolicy, withoutRootDot } from "./allowed-targets.ts"
import { type Tunnelling, tunnel } from "./egress-proxy.ts"
import { asSendFailure, SendFailure } from "./failure-codes.ts"
import type { Lookup, ResolvedAddress } from "./resolve.ts"
import { type Endpoint, refusalOfAddresses } from "./target-rules.ts"

export type ConnectRules = {
  readonly policy: TargetPolicy
  /** Null: receivers are dialled directly. */
  readonly through: Tunnelling | null
  readonly lookup: Lookup
  /** For lookup, TCP and TLS together. */
  readonly timeoutMs: number
  /** Built once for many connections: reading the root certificates costs far more than a handshake. */
  readonly secureContext: tls.SecureContext
  /** Sockets not yet connected: undici does not know them, so whoever closes the sender destroys them here. */
  readonly dialling: Set<net.Socket>
}

/**
 * How long one address may stay silent before the next is tried. Node gives the earlier attempt up rather than
 * racing it (unlike RFC 8305), so this is longer than the RFC's 250 ms: a distant receiver is not a dead one.
 */
const nextAddressAfterMs = 500

/**
 * The connector for undici: the one place where sockets are opened, and therefore where the SSRF rules are final.
 * What registration checked may have changed since; the name is resolved once here, every answer judged, and exactly
 * the judged addresses are dialled.
 */
export function guardedConnector(rules: ConnectRules): buildConnector.connector {
  return (options, callback) => {
    const secure = options.protocol === "https:"
    const port = options.port === "" ? (secure ? 443 : 80) : Number(options.port)
    // A `then` without a rejection of its own: what undici throws inside its callback is undici's fault, not a failed
    // connection, and must not call back a second time.
    connect({ secure, host: options.hostname, port }, rules).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(asSendFailure(error), null),
    )
  }
}

async function connect(endpoint: Endpoint, rules: ConnectRules): Promise<net.Socket> {
  const deadlineMs = performance.now() + rules.timeoutMs
  const addresses = await within(rules.timeoutMs, resolved(endpoint.host, rules.lookup))
  const because = refusalOfAddresses(
    endpoint,
    addresses.map(({ address }) => address),
    rules.policy,
  )
  if (because !== null) throw new SendFailure("blocked_address", because)
  if (rules.through !== null) return throughProxy(rules.through, endpoint, addresses, rules, deadlineMs)
  const socket = await dial(endpoint, addresses, rules, deadlineMs - performance.now())
  // Belt and braces: the kernel's word on where the connection really ends.
  const peer = socket.remoteAddress
  const strayed = peer === undefined ? null : refusalOfAddresses(endpoint, [peer], rules.policy)
  if (strayed === null) return socket
  socket.destroy()
  throw new SendFailure("blocked_address", strayed)
}

/** One approved address after another, each with its share of the time left, until the proxy connects to one. */
async function throughProxy(
  through: Tunnelling,
  endpoint: Endpoint,
  approved: readonly ResolvedAddress[],
  rules: ConnectRules,
  deadlineMs: number,
): Promise<net.Socket> {
  let tunnelled: net.Socket | null = null
  let failure: unknown = slowConnection()
  for (const [index, address] of approved.entries()) {
    const shareMs = (deadlineMs - performance.now()) / (approved.length - index)
    if (shareMs <= 0) break
    try {
      tunnelled = await tunnel(through, address, endpoint.port, shareMs, rules.dialling)
      break
    } catch (error) {
      failure = error
    }
  }
  if (tunnelled === null) throw failure
  const socket = endpoint.secure ? tls.connect({ socket: tunnelled, ...tlsOptions(endpoint, rules) }) : tunnelled
  return ready(endpoint, socket, rules, deadlineMs - performance.now())
}

/** An IP address is its own answer: neither Node nor undici would look it up, so it must be judged as it stands. */
async function resolved(host: string, lookup: Lookup): Promise<readonly ResolvedAddress[]> {
  if (parseAddress(host) !== null) return [{ address: host, family: net.isIPv6(host) ? 6 : 4 }]
  const addresses = await lookup(host)
  if (addresses.length === 0) throw new SendFailure("dns", "The host name has no address")
  return addresses
}

function dial(
  endpoint: Endpoint,
  approved: readonly ResolvedAddress[],
  rules: ConnectRules,
  timeoutMs: number,
): Promise<net.Socket> {
  const where = {
    host: endpoint.host,
    port: endpoint.port,
    lookup: pinned(approved),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: nextAddressAfterMs,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  }
  const socket = endpoint.secure ? tls.connect({ ...where, ...tlsOptions(endpoint, rules) }) : net.connect(where)
  return ready(endpoint, socket, rules, timeoutMs)
}

/** How TLS is spoken, on whatever connection. */
function tlsOptions({ host }: Endpoint, { secureContext }: ConnectRules): tls.ConnectionOptions {
  return {
    host,
    secureContext,
    // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot turn it off.
    rejectUnauthorized: true,
    // Server names are host names without the root dot, never addresses (RFC 6066 §3).
    servername: net.isIP(host) === 0 ? withoutRootDot(host) : "",
    // Not HTTP/2, whose multiplexing brings attacks of its own and nothing for one POST at a time.
    ALPNProtocols: ["http/1.1"],
  }
}

/** Waits until a socket can be written to; the connection of a plain tunnel already stands. */
function ready(
  endpoint: Endpoint,
  socket: net.Socket,
  { dialling }: ConnectRules,
  timeoutMs: number,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(slowConnection()), Math.max(1, timeoutMs))
    const dialled = () => {
      clearTimeout(timer)
      dialling.delete(socket)
    }
    const made = () => {
      dialled()
      resolve(socket)
    }
    dialling.add(socket)
    // Stays on: until undici listens, an error without a listener would end the process.
    socket.on("error", (error) => {
      dialled()
      reject(error)
    })
    socket.once("close", () => {
      dialled()
      reject(new SendFailure("connection_reset", "The connection was closed before it was ready"))
    })
    if (!endpoint.secure && !socket.connecting) made()
    else socket.once(endpoint.secure ? "secureConnect" : "connect", made)
  })
}

/** Stands in for the DNS with answers already judged: between check and use nothing is asked again. */
function pinned(approved: readonly ResolvedAddress[]): net.LookupFunction {
  const all = approved.map(({ address, family }) => ({ address, family }))
  return (_host, options, callback) => {
    const first = all[0]
    if (options.all === true || first === undefined) callback(null, all)
    else callback(null, first.address, first.family)
  }
}

/** Gives up waiting after `timeoutMs`; the work itself is left to end unheard. */
export function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // Not a reason for a process that is stopping to stay.
    const timer = setTimeout(() => reject(slowConnection()), timeoutMs).unref()
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function slowConnection(): SendFailure {
  return new SendFailure("timeout", "No connection could be made in time")
}
