import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { compile } from "@fastify/proxy-addr"
import { type ParsedTargets, parseAllowedTargets, parseDeniedTargets } from "./send/allowed-targets.ts"
import { type EgressProxy, parseEgressProxy } from "./send/egress-proxy.ts"

/** Everything an operator can set, validated. Spec: api.md, "Start and settings". */
export type Config = {
  readonly host: string
  readonly port: number
  /** Whether an address is one of the operator's own proxies, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: (address: string, hop: number) => boolean
  readonly dataDir: string
  /** Null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null
  /** Null: generated at the first start. */
  readonly adminKey: string | null
  /** The first seals, the others only open what they once sealed. Null: generated (embedded database only). */
  readonly encryptionKeys: readonly [Buffer, ...Buffer[]] | null
  readonly allowedTargets: ParsedTargets
  readonly deniedTargets: ParsedTargets
  /** Null: receivers are connected to directly. */
  readonly egressProxy: EgressProxy | null
  readonly retentionDays: number
  /** Null: nothing is traced. */
  readonly tracing: TracingConfig | null
}

/** What OpenTelemetry's own variables say (its specification, "Environment Variable Specification"). */
export type TracingConfig = {
  /** Where spans are posted, as OTLP in JSON. */
  readonly url: string
  readonly sampling: {
    readonly kind: "always_on" | "always_off" | "traceidratio"
    /** Of the traces that begin here, from 0 to 1. */
    readonly ratio: number
    /** Whether a publisher's decision counts before ours. */
    readonly parentBased: boolean
  }
  /** What waits to be sent: more is dropped. */
  readonly queue: { readonly spansMax: number; readonly batchMax: number; readonly delayMs: number }
}

/** A setting is wrong: the start stops with this one line. */
export class BadSetting extends Error {
  constructor(name: string, problem: string) {
    super(`${name} ${problem}`)
    this.name = "BadSetting"
  }
}

/** Those of OpenTelemetry that are read here or by its exporter. */
export const tracingVariables = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
  "OTEL_SERVICE_NAME",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_TRACES_SAMPLER",
  "OTEL_TRACES_SAMPLER_ARG",
  "OTEL_TRACES_EXPORTER",
  "OTEL_BSP_MAX_QUEUE_SIZE",
  "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
  "OTEL_BSP_SCHEDULE_DELAY",
  "OTEL_SDK_DISABLED",
] as const

type Environment = Readonly<Record<string, string | undefined>>

export const settingNames = [
  "TOCSIN_HOST",
  "TOCSIN_PORT",
  "TOCSIN_TRUSTED_PROXIES",
  "TOCSIN_DATA_DIR",
  "TOCSIN_DATABASE_URL",
  "TOCSIN_DATABASE_URL_FILE",
  "TOCSIN_ADMIN_KEY",
  "TOCSIN_ADMIN_KEY_FILE",
  "TOCSIN_ENCRYPTION_KEY",
  "TOCSIN_ENCRYPTION_KEY_FILE",
  "TOCSIN_ALLOWED_TARGETS",
  "TOCSIN_DENIED_TARGETS",
  "TOCSIN_EGRESS_PROXY",
  "TOCSIN_EGRESS_PROXY_FILE",
  "TOCSIN_RETENTION_DAYS",
] as const

type SettingName = (typeof settingNames)[number]

/** Those that may be in a file instead, named by `…_FILE`: what orchestrators make of their secrets. */
const secretNames = ["TOCSIN_ADMIN_KEY", "TOCSIN_DATABASE_URL", "TOCSIN_EGRESS_PROXY", "TOCSIN_ENCRYPTION_KEY"] as const
type SecretName = (typeof secretNames)[number]

/** For the command line's calls to a server, which may be run where that server's settings are: no mistakes. */
export const clientVariables = ["TOCSIN_URL", "TOCSIN_KEY"] as const

/**
 * Reads the settings once.
 * @throws BadSetting
 */
export function readConfig(environment: Environment): Config {
  // An empty variable is how compose files and shells say "not set".
  const read = (name: SettingName) => environment[name]?.trim() || null
  refuseUnknown(environment)
  const readSecret = (name: SecretName) => secretIn(name, read(name), read(`${name}_FILE`))
  const databaseUrl = readDatabaseUrl(readSecret("TOCSIN_DATABASE_URL"))
  const encryptionKeys = readKeys(readSecret("TOCSIN_ENCRYPTION_KEY"))
  if (databaseUrl !== null && encryptionKeys === null) {
    const problem =
      "must be given with TOCSIN_DATABASE_URL, the same on every node: 32 bytes in base64 (openssl rand -base64 32)"
    throw new BadSetting("TOCSIN_ENCRYPTION_KEY", problem)
  }
  return {
    host: read("TOCSIN_HOST") ?? "127.0.0.1",
    port: readWhole("TOCSIN_PORT", read("TOCSIN_PORT"), 8080, 0, 65_535),
    trustedProxies: readTrustedProxies(read("TOCSIN_TRUSTED_PROXIES") ?? ""),
    dataDir: resolve(read("TOCSIN_DATA_DIR") ?? "./data"),
    databaseUrl,
    adminKey: readAdminKey(readSecret("TOCSIN_ADMIN_KEY")),
    encryptionKeys,
    allowedTargets: readWith("TOCSIN_ALLOWED_TARGETS", read("TOCSIN_ALLOWED_TARGETS") ?? "", parseAllowedTargets),
    deniedTargets: readWith("TOCSIN_DENIED_TARGETS", read("TOCSIN_DENIED_TARGETS") ?? "", parseDeniedTargets),
    egressProxy: readEgressProxy(readSecret("TOCSIN_EGRESS_PROXY")),
    retentionDays: readWhole("TOCSIN_RETENTION_DAYS", read("TOCSIN_RETENTION_DAYS"), 30, 1, 3_650),
    tracing: readTracing(environment),
  }
}

/** What Kubernetes sets in every container beside a Service that is called `tocsin`. */
const serviceLink = /^TOCSIN_(SERVICE_|PORT_\d+_)/

/** A misspelt setting would otherwise be ignored in silence, and its default trusted. */
function refuseUnknown(environment: Environment): void {
  const known: ReadonlySet<string> = new Set([...settingNames, ...clientVariables])
  const unknown = Object.keys(environment).find(
    (name) => name.startsWith("TOCSIN_") && !known.has(name) && !serviceLink.test(name),
  )
  if (unknown !== undefined) throw new BadSetting(unknown, `is not a setting; there are ${settingNames.join(", ")}`)
}

/** @throws BadSetting when both are given, or the file cannot be read or holds nothing. */
function secretIn(name: SecretName, given: string | null, path: string | null): string | null {
  if (path === null) return given
  if (given !== null) throw new BadSetting(`${name}_FILE`, "is given, and the setting itself too; keep one of the two")
  let text: string
  try {
    text = readFileSync(path, "utf8").trim()
  } catch (error) {
    throw new BadSetting(`${name}_FILE`, `cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (text === "") throw new BadSetting(`${name}_FILE`, `names ${path}, which is empty`)
  return text
}

const samplers: Readonly<Record<string, TracingConfig["sampling"]["kind"]>> = {
  always_on: "always_on",
  always_off: "always_off",
  traceidratio: "traceidratio",
}

function readTracing(environment: Environment): TracingConfig | null {
  const read = (name: (typeof tracingVariables)[number]) => environment[name]?.trim() || null
  const own = read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
  const shared = read("OTEL_EXPORTER_OTLP_ENDPOINT")
  const exporter = read("OTEL_TRACES_EXPORTER") ?? "otlp"
  const disabled = read("OTEL_SDK_DISABLED")?.toLowerCase() === "true"
  if (disabled || exporter === "none" || (own === null && shared === null)) return null
  if (exporter !== "otlp") throw new BadSetting("OTEL_TRACES_EXPORTER", `must be otlp or none, not ${exporter}`)
  for (const name of ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] as const)
    if (read(name) === "grpc") throw new BadSetting(name, "must be http/json: collectors take it on port 4318")
  const name = own === null ? "OTEL_EXPORTER_OTLP_ENDPOINT" : "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
  const url = own ?? `${shared?.replace(/\/+$/, "")}/v1/traces`
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new BadSetting(name, "must be a URL that begins with http:// or https://")
  const spansMax = readWhole("OTEL_BSP_MAX_QUEUE_SIZE", read("OTEL_BSP_MAX_QUEUE_SIZE"), 2_048, 1, 1_000_000)
  const batchMax = readWhole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", read("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"), 512, 1, 100_000)
  const delayMs = readWhole("OTEL_BSP_SCHEDULE_DELAY", read("OTEL_BSP_SCHEDULE_DELAY"), 5_000, 1, 600_000)
  return {
    url,
    sampling: readSampling(read("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on", read("OTEL_TRACES_SAMPLER_ARG")),
    queue: { spansMax, batchMax: Math.min(batchMax, spansMax), delayMs },
  }
}

function readSampling(sampler: string, argument: string | null): TracingConfig["sampling"] {
  const kind = samplers[sampler.replace(/^parentbased_/, "")]
  if (kind === undefined) {
    const known = Object.keys(samplers).flatMap((each) => [each, `parentbased_${each}`])
    throw new BadSetting("OTEL_TRACES_SAMPLER", `must be one of ${known.join(", ")}, not ${JSON.stringify(sampler)}`)
  }
  const ratio = Number(argument ?? 1)
  if (!(ratio >= 0 && ratio <= 1)) throw new BadSetting("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1")
  return { kind, ratio, parentBased: sampler.startsWith("parentbased_") }
}

function readWhole(
  name: SettingName | (typeof tracingVariables)[number],
  text: string | null,
  fallback: number,
  min: number,
  max: number,
): number {
  if (text === null) return fallback
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new BadSetting(name, `must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`)
  }
  return value
}

function readDatabaseUrl(text: string | null): string | null {
  if (text === null) return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol !== "postgres:" && url?.protocol !== "postgresql:") {
    throw new BadSetting("TOCSIN_DATABASE_URL", "must be a URL that begins with postgres://")
  }
  return text
}

function readAdminKey(text: string | null): string | null {
  if (text !== null && (text.length < 16 || /\s/.test(text))) {
    throw new BadSetting("TOCSIN_ADMIN_KEY", "must have at least 16 characters and no spaces")
  }
  return text
}

function readKeys(text: string | null): Config["encryptionKeys"] {
  if (text === null) return null
  const [present, ...retired] = text.split(",").map((part) => readKey(part.trim()))
  return present === undefined ? null : [present, ...retired]
}

function readKey(text: string): Buffer {
  const key = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : Buffer.alloc(0)
  if (key.length !== 32) {
    const problem = "must be 32 bytes in base64 (openssl rand -base64 32), or several such keys, the present one first"
    throw new BadSetting("TOCSIN_ENCRYPTION_KEY", problem)
  }
  return key
}

function readTrustedProxies(text: string): Config["trustedProxies"] {
  const entries = text.split(",").flatMap((part) => part.trim() || [])
  for (const entry of entries) {
    try {
      compile(entry)
    } catch {
      const problem = `has ${JSON.stringify(entry)}, which is neither an address, a CIDR, loopback, linklocal nor uniquelocal`
      throw new BadSetting("TOCSIN_TRUSTED_PROXIES", problem)
    }
  }
  return compile(entries)
}

function readEgressProxy(text: string | null): EgressProxy | null {
  return text === null ? null : readWith("TOCSIN_EGRESS_PROXY", text, parseEgressProxy)
}

/** @throws BadSetting with what the parser says, which may name the setting itself. */
function readWith<Value>(name: SettingName, text: string, parse: (text: string) => Value): Value {
  try {
    return parse(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new BadSetting(name, message.startsWith(name) ? message.slice(name.length).replace(/^:? */, "") : message)
  }
}
