import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { BadSetting, readConfig } from "../src/config.ts"

const key = Buffer.alloc(32, 7).toString("base64")

describe("settings", () => {
  it("have the documented defaults", () => {
    expect(readConfig({})).toMatchObject({
      host: "127.0.0.1",
      port: 8080,
      databaseUrl: null,
      adminKey: null,
      encryptionKeys: null,
      retentionDays: 30,
    })
    expect(readConfig({}).dataDir.endsWith("/data")).toBe(true)
  })

  it("of OpenTelemetry switch tracing on by an endpoint, and are checked like ours", () => {
    const otel = (environment: Readonly<Record<string, string>>) => readConfig(environment).tracing
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/" }
    expect(otel({ OTEL_SERVICE_NAME: "alarms", OTEL_TRACES_SAMPLER: "always_on" })).toBeNull()
    expect(otel({ ...endpoint, OTEL_SDK_DISABLED: "true" })).toBeNull()
    expect(otel({ ...endpoint, OTEL_TRACES_EXPORTER: "none" })).toBeNull()
    expect(otel(endpoint)).toEqual({
      url: "http://collector:4318/v1/traces",
      sampling: { kind: "always_on", ratio: 1, parentBased: true },
      queue: { spansMax: 2_048, batchMax: 512, delayMs: 5_000 },
    })
    const own = { ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example/in" }
    const sampler = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" }
    expect(otel({ ...own, ...sampler })).toMatchObject({
      url: "https://traces.example/in",
      sampling: { kind: "traceidratio", ratio: 0.1, parentBased: false },
    })
    for (const wrong of [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "collector:4318" },
      { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      { OTEL_TRACES_EXPORTER: "jaeger" },
      { OTEL_TRACES_SAMPLER: "sometimes" },
      { OTEL_TRACES_SAMPLER_ARG: "2" },
      { OTEL_BSP_MAX_QUEUE_SIZE: "many" },
    ]) {
      const [name = ""] = Object.keys(wrong)
      expect(() => otel({ ...endpoint, ...wrong })).toThrow(BadSetting)
      expect(() => otel({ ...endpoint, ...wrong })).toThrow(name)
    }
  })

  it("that are empty count as not given", () => {
    expect(readConfig({ TOCSIN_PORT: "", TOCSIN_DATABASE_URL: " " })).toMatchObject({ port: 8080, databaseUrl: null })
  })

  it.each([
    ["TOCSIN_PORT", "http"],
    ["TOCSIN_PORT", "70000"],
    ["TOCSIN_PORT", "-1"],
    ["TOCSIN_PORT", "65536"],
    ["TOCSIN_PORT", "80.5"],
    ["TOCSIN_DATABASE_URL", "mysql://localhost/x"],
    ["TOCSIN_DATABASE_URL", "not a url"],
    ["TOCSIN_ADMIN_KEY", "short"],
    ["TOCSIN_ADMIN_KEY", "long enough but spaced"],
    ["TOCSIN_ENCRYPTION_KEY", "c2hvcnQ="],
    ["TOCSIN_ENCRYPTION_KEY", "!!!"],
    ["TOCSIN_ENCRYPTION_KEY", `${key},`],
    ["TOCSIN_ALLOWED_TARGETS", "http://localhost"],
    ["TOCSIN_ALLOWED_TARGETS", "127.0.0.0/33"],
    ["TOCSIN_ALLOWED_TARGETS", "localhost:0"],
    ["TOCSIN_DENIED_TARGETS", "https://example.com/"],
    ["TOCSIN_TRUSTED_PROXIES", "10.0.0.0/40"],
    ["TOCSIN_TRUSTED_PROXIES", "proxy.internal"],
    ["TOCSIN_EGRESS_PROXY", "proxy:3128"],
    ["TOCSIN_EGRESS_PROXY", "socks5://proxy:1080"],
    ["TOCSIN_EGRESS_PROXY", "http://proxy:3128/path"],
    ["TOCSIN_RETENTION_DAYS", "0"],
    ["TOCSIN_RETENTION_DAYS", "3651"],
    ["TOCSIN_RETENTION_DAYS", "1.5"],
    ["TOCSIN_RETENTION_DAYS", "a month"],
  ])("%s=%s stops the start with one line that names it once", (name, value) => {
    const thrown = (() => {
      try {
        return readConfig({ [name]: value })
      } catch (error) {
        return error
      }
    })()
    expect(thrown).toBeInstanceOf(BadSetting)
    const { message } = thrown as BadSetting
    expect(message.split("\n")).toHaveLength(1)
    expect(message.split(name)).toHaveLength(2)
  })

  it.each([1, 3650])("keep events for %d days", (days) => {
    expect(readConfig({ TOCSIN_RETENTION_DAYS: String(days) })).toMatchObject({ retentionDays: days })
  })

  it("may stand beside the command line's own variables", () => {
    expect(readConfig({ TOCSIN_URL: "http://127.0.0.1:8080", TOCSIN_KEY: "tk_x" })).toMatchObject({ port: 8080 })
  })

  it("that do not exist are refused rather than ignored", () => {
    expect(() => readConfig({ TOCSIN_RETENTION_DAY: "3" })).toThrow(/TOCSIN_RETENTION_DAY is not a setting/)
  })

  it("name several encryption keys while they are changed, the present one first", () => {
    const old = Buffer.alloc(32, 8)
    const { encryptionKeys } = readConfig({ TOCSIN_ENCRYPTION_KEY: `${key}, ${old.toString("base64")}` })
    expect(encryptionKeys).toEqual([Buffer.alloc(32, 7), old])
  })

  it("with PostgreSQL must include the encryption key, which every node shares", () => {
    const database = { TOCSIN_DATABASE_URL: "postgres://localhost/tocsin" }
    expect(() => readConfig(database)).toThrow(/TOCSIN_ENCRYPTION_KEY/)
    expect(readConfig({ ...database, TOCSIN_ENCRYPTION_KEY: key }).encryptionKeys).toHaveLength(1)
  })

  it("that are secret may be in files, without the last line's end", () => {
    const directory = mkdtempSync(join(tmpdir(), "tocsin-config-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = (name: string, text: string) => {
      writeFileSync(join(directory, name), text)
      return join(directory, name)
    }
    const config = readConfig({
      TOCSIN_ADMIN_KEY_FILE: file("admin", "sixteen-characters\n"),
      TOCSIN_DATABASE_URL_FILE: file("url", "postgres://db/tocsin\n"),
      TOCSIN_ENCRYPTION_KEY_FILE: file("key", `${key},${key}\n`),
      TOCSIN_EGRESS_PROXY_FILE: file("proxy", "http://user:password@proxy:3128\n"),
    })
    expect(config).toMatchObject({ adminKey: "sixteen-characters", databaseUrl: "postgres://db/tocsin" })
    expect(config.encryptionKeys).toEqual([Buffer.alloc(32, 7), Buffer.alloc(32, 7)])
    expect(config.egressProxy).toMatchObject({ host: "proxy", authorization: "Basic dXNlcjpwYXNzd29yZA==" })
    const both = { TOCSIN_ADMIN_KEY: "sixteen-characters", TOCSIN_ADMIN_KEY_FILE: file("other", "x") }
    expect(() => readConfig(both)).toThrow("TOCSIN_ADMIN_KEY_FILE is given, and the setting itself too")
    expect(() => readConfig({ TOCSIN_ADMIN_KEY_FILE: join(directory, "missing") })).toThrow(/_FILE cannot be read/)
    expect(() => readConfig({ TOCSIN_ADMIN_KEY_FILE: file("empty", "\n") })).toThrow(/which is empty/)
    expect(() => readConfig({ TOCSIN_PORT_FILE: file("port", "80") })).toThrow(/is not a setting/)
  })
})
