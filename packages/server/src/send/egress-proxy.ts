import http from "node:http"
import https from "node:https"
import net, { type Socket } from "node:net"
import type { SecureContext } from "node:tls"
import { SendFailure } from "./failure-codes.ts"
import type { ResolvedAddress } from "./resolve.ts"

/** Where all outgoing connections go through, as `TOCSIN_EGRESS_PROXY` gives it. */
export type EgressProxy = {
  /** Whether the proxy itself is spoken to over TLS. */
  readonly secure: boolean
  readonly host: string
  readonly port: number
  /** The value of `Proxy-Authorization`; null when the proxy asks for none. */
  readonly authorization: string | null
}

/** `secureContext`: for a proxy behind TLS, with the operator's authorities and never one webhook's certificates. */
export type Tunnelling = { readonly proxy: EgressProxy; readonly secureContext: SecureContext }

const replyHeaderBytesMax = 16 * 1024

/**
 * Reads the setting: `http://proxy:3128`, with `user:password@` where the proxy asks who calls, or https for a proxy
 * that is itself behind TLS.
 *
 * @throws Error of one line, which never repeats the setting: it may hold a password.
 */
export function parseEgressProxy(setting: string): EgressProxy {
  const url = URL.canParse(setting) ? new URL(setting) : null
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
    throw new Error("must be a URL such as http://proxy.internal:3128")
  }
  if ((url.pathname !== "/" && url.pathname !== "") || url.search !== "" || url.hash !== "") {
    throw new Error("must have nothing after the port")
  }
  const secure = url.protocol === "https:"
  return {
    secure,
    host: url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    authorization: url.username === "" ? null : basic(decoded(url.username), decoded(url.password)),
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Error("has a user name or password in which a % does not begin an escape")
  }
}

/** RFC 7617 §2. */
function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`
}

/**
 * Opens a tunnel to an address with CONNECT (RFC 9110 §9.3.6). The proxy is given the address that was judged, never
 * the name: it would resolve the name again, and perhaps to another address.
 *
 * @param dialling has the socket while it is not yet the caller's.
 * @throws SendFailure `egress_proxy` when the proxy is away or does not connect, `timeout` when it takes too long.
 */
export function tunnel(
  { proxy, secureContext }: Tunnelling,
  to: ResolvedAddress,
  port: number,
  timeoutMs: number,
  dialling: Set<Socket>,
): Promise<Socket> {
  const authority = `${to.family === 6 ? `[${to.address}]` : to.address}:${port}`
  return new Promise((resolve, reject) => {
    const request = (proxy.secure ? https : http).request({
      host: proxy.host,
      port: proxy.port,
      method: "CONNECT",
      path: authority,
      headers: {
        host: authority,
        ...(proxy.authorization !== null && { "proxy-authorization": proxy.authorization }),
      },
      // A connection of its own: a tunnel is never shared.
      agent: false,
      maxHeaderSize: replyHeaderBytesMax,
      ...(proxy.secure && {
        secureContext,
        // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot turn it off.
        rejectUnauthorized: true,
        // Node would take it from `Host`, which names whom to connect to, not the proxy. Never an address (RFC 6066 §3).
        servername: net.isIP(proxy.host) === 0 ? proxy.host : "",
      }),
    })
    const timer = setTimeout(
      () => request.destroy(new SendFailure("timeout", "The egress proxy made no connection in time")),
      Math.max(1, timeoutMs),
    )
    let raw: Socket | null = null
    const ended = () => {
      clearTimeout(timer)
      if (raw !== null) dialling.delete(raw)
    }
    request.on("socket", (socket) => {
      raw = socket
      dialling.add(socket)
    })
    request.on("connect", (response, stream, early) => {
      const socket = raw
      ended()
      const { statusCode = 0 } = response
      if (socket === null || statusCode < 200 || statusCode > 299) {
        stream.destroy()
        reject(new SendFailure("egress_proxy", `The egress proxy made no connection: it answered ${statusCode}`))
        return
      }
      if (early.length > 0) socket.unshift(early)
      resolve(socket)
    })
    // An answer that is none to CONNECT, which Node would otherwise wait on.
    request.on("response", () => request.destroy(new SendFailure("egress_proxy", "The egress proxy does not tunnel")))
    // Stays on: an error without a listener would end the process.
    request.on("error", (error) => {
      ended()
      reject(error instanceof SendFailure ? error : unreachable(error))
    })
    request.end()
  })
}

/** Its address and the system's message are the operator's business, not the webhook owner's. */
function unreachable(error: unknown): SendFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown"
  return new SendFailure("egress_proxy", `The egress proxy could not be used (${code})`, { cause: error })
}
