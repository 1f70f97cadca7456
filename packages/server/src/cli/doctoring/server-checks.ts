import manifest from "../../../package.json" with { type: "json" }
import { type Check, ok, problem, reasonOf, skipped, warning } from "./check.ts"

const answerMaxMs = 5_000
/** `Date` has whole seconds, and the answer was on its way. */
const skewNoticedMs = 5_000
/** Receivers allow 5 minutes between the sender's clock and their own. */
const skewHarmfulMs = 60_000

export type ServerLook = { readonly checks: readonly Check[]; readonly reachable: boolean }

/** Whether the server answers, is ready, and agrees on the time. Needs no key. */
export async function lookAtServer(address: string, nowMs: () => number, signal: AbortSignal): Promise<ServerLook> {
  const get = (path: string) =>
    fetch(`${address}${path}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMaxMs)]),
      redirect: "manual",
    })
  const askedMs = nowMs()
  let alive: Response
  try {
    alive = await get("/healthz")
  } catch (error) {
    signal.throwIfAborted()
    const hint = "Is it running (`tocsin serve`)? Does --url or TOCSIN_URL name it? Does a firewall lie between?"
    return { reachable: false, checks: [problem("server", `${address} does not answer (${reasonOf(error)}).`, hint)] }
  }
  const answeredMs = nowMs()
  const status = versionOf(await alive.text())
  if (!alive.ok || status === null) {
    const hint = "Check the address, and what stands between here and the server."
    return {
      reachable: false,
      checks: [problem("server", `${address} answers ${alive.status}, but not as Tocsin does.`, hint)],
    }
  }
  const checks = [ok("server", `${address} answers.`), versionCheck(status)]
  checks.push(await readyCheck(get))
  checks.push(clockCheck(alive.headers.get("date"), askedMs, answeredMs))
  return { reachable: true, checks }
}

function versionCheck(version: string): Check {
  const here = manifest.version
  return version === here
    ? ok("version", `Server and command line are ${version}.`)
    : warning("version", `The server is ${version}, this command line ${here}.`, "Use the same version of both.")
}

async function readyCheck(get: (path: string) => Promise<Response>): Promise<Check> {
  try {
    const ready = await get("/readyz")
    if (ready.ok) return ok("ready", "It can store, dispatch and post.")
    const answer = fieldsOf(await ready.text())
    const detail = typeof answer?.detail === "string" ? answer.detail : `status ${ready.status}`
    return problem(
      "ready",
      `It is not ready: ${detail}`,
      "See the server's log. For its store, check the disk or the database.",
    )
  } catch (error) {
    return problem("ready", `/readyz does not answer (${reasonOf(error)}).`, "See the server's log.")
  }
}

/** How far the server's clock is from this one: signatures carry the server's time. */
export function clockCheck(date: string | null, askedMs: number, answeredMs: number): Check {
  const serverMs = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(serverMs)) return skipped("clock", "The server's answer has no date.")
  // `Date` is cut to the second: the moment meant lies half a second later on average.
  const skewMs = serverMs + 500 - (askedMs + answeredMs) / 2
  const away = `${(Math.abs(skewMs) / 1000).toFixed(0)} s ${skewMs > 0 ? "ahead of" : "behind"} this machine's`
  const hint = "Set both machines' clocks by NTP. Receivers refuse what is signed more than 5 minutes off their own."
  if (Math.abs(skewMs) >= skewHarmfulMs) return problem("clock", `The server's clock is ${away}.`, hint)
  if (Math.abs(skewMs) >= skewNoticedMs) return warning("clock", `The server's clock is ${away}.`, hint)
  return ok("clock", "The server's clock agrees with this machine's.")
}

function versionOf(text: string): string | null {
  const answer = fieldsOf(text)
  return answer?.status === "alive" && typeof answer.version === "string" ? answer.version : null
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? { ...value } : null
  } catch {
    return null
  }
}
