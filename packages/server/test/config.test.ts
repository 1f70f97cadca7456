import { describe, expect, it } from "vitest"
import { BadSetting, readConfig } from "../src/config.ts"

describe("a setting that is wrong is refused by name", () => {
  it.each([
    ["TOCSIN_PORT", "http"],
    ["TOCSIN_PORT", "65536"],
    ["TOCSIN_PORT", "-1"],
    ["TOCSIN_PORT", "80.5"],
    ["TOCSIN_RETENTION_DAYS", "0"],
    ["TOCSIN_RETENTION_DAYS", "3651"],
    ["TOCSIN_RETENTION_DAYS", "1.5"],
    ["TOCSIN_RETENTION_DAYS", "-30"],
    ["TOCSIN_RETENTION_DAYS", "a month"],
    ["TOCSIN_ALLOWED_TARGETS", "http://localhost"],
    ["TOCSIN_ALLOWED_TARGETS", "127.0.0.0/33"],
    ["TOCSIN_ALLOWED_TARGETS", "localhost:0"],
    ["TOCSIN_ENCRYPTION_KEY", "c2hvcnQ="],
    ["TOCSIN_ENCRYPTION_KEY", "not base64 at all, though long enough to be a key"],
    ["TOCSIN_ADMIN_KEY", "short"],
    ["TOCSIN_ADMIN_KEY", "long enough but spaced"],
    ["TOCSIN_DATABASE_URL", "mysql://localhost/tocsin"],
    ["TOCSIN_DATABASE_URL", "localhost"],
    ["TOCSIN_RETENTON_DAYS", "30"],
  ])("%s=%s", (name, value) => {
    const read = () => readConfig({ [name]: value })
    expect(read).toThrow(BadSetting)
    expect(read).toThrow(new RegExp(`^${name} [^\\n]+$`))
  })

  it("PostgreSQL without an encryption key: nodes could not read each other's secrets", () => {
    expect(() => readConfig({ TOCSIN_DATABASE_URL: "postgres://localhost/tocsin" })).toThrow(/^TOCSIN_ENCRYPTION_KEY /)
  })
})

describe("settings", () => {
  it("have the documented defaults, and an empty one is none", () => {
    const documented = {
      host: "127.0.0.1",
      port: 8080,
      dataDir: expect.stringMatching(/\/data$/),
      databaseUrl: null,
      adminKey: null,
      encryptionKey: null,
      retentionDays: 30,
    }
    expect(readConfig({})).toMatchObject(documented)
    expect(readConfig({ TOCSIN_PORT: "", TOCSIN_RETENTION_DAYS: " ", HOME: "/root" })).toMatchObject(documented)
  })

  it.each([1, 3650])("keep events for %d days", (days) => {
    expect(readConfig({ TOCSIN_RETENTION_DAYS: String(days) })).toMatchObject({ retentionDays: days })
  })
})
