import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { connect as connectTls } from "node:tls"
import type { Webhook } from "@tocsin/client"
import { type Check, ok, problem, reasonOf, warning } from "./check.ts"

const connectMaxMs = 5_000
const expirySoonDays = 14
/** Each host costs a lookup and a handshake. */
const hostsMax = 50

/** Whether the endpoints' names resolve and their certificates are good, seen from this machine. */
export async function lookAtTargets(
  webhooks: readonly Webhook[],
  nowMs: number,
  signal: AbortSignal,
): Promise<Check[]> {
  const origins = [
    ...new Set(webhooks.filter(({ status }) => status !== "deleted").map(({ url }) => new URL(url).origin)),
  ]
  const checks: Check[] = []
  // One after another: this is a look, not a scan.
  for (const origin of origins.slice(0, hostsMax)) {
    signal.throwIfAborted()
    checks.push(await targetCheck(new URL(origin), nowMs, signal))
  }
  if (origins.length > hostsMax) {
    checks.push(
      warning(
        "targets",
        `Only ${hostsMax} of ${origins.length} were looked at.`,
        "Look at others with `tocsin webhooks test`.",
      ),
    )
  }
  return checks
}

async function targetCheck(url: URL, nowMs: number, signal: AbortSignal): Promise<Check> {
  const name = `target ${url.host}`
  const host = url.hostname.replace(/^\[|\]$/g, "")
  try {
    if (isIP(host) === 0) await lookup(host)
  } catch (error) {
    const hint = "Check the name and its DNS. This machine's view may differ from the server's."
    return problem(name, `The name does not resolve here (${reasonOf(error)}).`, hint)
  }
  if (url.protocol !== "https:") {
    const hint = "Anyone on the way can read and change it: for development only."
    return warning(name, "It is plain http.", hint)
  }
  try {
    const { validTo } = await handshake(host, Number(url.port || 443), signal)
    const days = Math.floor((Date.parse(validTo) - nowMs) / 86_400_000)
    if (days < expirySoonDays) {
      return warning(name, `Its certificate expires in ${days} days.`, "Renew it before deliveries begin to fail.")
    }
    return ok(name, `It resolves, and its certificate is good for ${days} days.`)
  } catch (error) {
    signal.throwIfAborted()
    const hint =
      "Check that it listens there with TLS 1.2 or newer, a certificate for this name and its intermediate ones. This machine's view may differ from the server's."
    return problem(name, `No TLS connection from here (${reasonOf(error)}).`, hint)
  }
}

function handshake(host: string, port: number, signal: AbortSignal): Promise<{ readonly validTo: string }> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port,
      minVersion: "TLSv1.2",
      ...(isIP(host) === 0 && { servername: host }),
    })
    const stop = () => socket.destroy(new Error("interrupted"))
    signal.addEventListener("abort", stop, { once: true })
    socket.setTimeout(connectMaxMs, () => socket.destroy(new Error(`no answer within ${connectMaxMs / 1000} s`)))
    socket.once("secureConnect", () => {
      const { valid_to } = socket.getPeerCertificate()
      socket.end()
      resolve({ validTo: valid_to })
    })
    socket.once("error", reject)
    socket.once("close", () => {
      signal.removeEventListener("abort", stop)
      reject(new Error("the connection was closed"))
    })
  })
}
