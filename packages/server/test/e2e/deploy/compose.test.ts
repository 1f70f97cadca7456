import { cpSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { readConfig } from "../../../src/config.ts"
import { found, foundOrInstalled } from "../../tools/debian.ts"
import { isObject, type Json, member } from "../api-calls.ts"
import { newDataDirectory } from "../server-process.ts"
import { ran } from "./ran.ts"

const folder = fileURLToPath(new URL("../../../../../deploy/compose/", import.meta.url))
const services: Json = member(parse(readFileSync(join(folder, "compose.yaml"), "utf8"), { merge: true }), "services")

/** Docker's own plugin where there is one, else the program that it grew out of. */
async function compose(): Promise<readonly [string, ...string[]]> {
  const docker = found("docker")
  if (docker !== null && (await ran(docker, ["compose", "version"])).code === 0) return [docker, "compose"]
  return [await foundOrInstalled("docker-compose", "docker-compose")]
}

test("compose takes the file, with the secrets that its script makes", { timeout: 180_000 }, async () => {
  const place = newDataDirectory()
  cpSync(folder, place, { recursive: true, filter: (path) => !path.endsWith("/secrets") })
  const [command, ...words] = await compose()
  expect(await ran("sh", [join(place, "make-secrets.sh")])).toMatchObject({ code: 0, err: "" })
  const config = await ran(command, [...words, "-f", join(place, "compose.yaml"), "config"], { cwd: place })
  expect(config).toMatchObject({ code: 0, err: "" })
  expect(Object.keys(member(parse(config.out), "services")).sort()).toEqual(["postgres", "tocsin"])

  // What the server reads of them is what it takes.
  const secret = (name: string) => join(place, "secrets", name)
  const settings = readConfig({
    TOCSIN_DATABASE_URL_FILE: secret("database_url"),
    TOCSIN_ADMIN_KEY_FILE: secret("admin_key"),
    TOCSIN_ENCRYPTION_KEY_FILE: secret("encryption_key"),
  })
  expect(new URL(settings.databaseUrl ?? "")).toMatchObject({
    hostname: "postgres",
    password: readFileSync(secret("postgres_password"), "utf8").trim(),
  })
  expect(statSync(join(place, "secrets")).mode & 0o777).toBe(0o700)
  // A second run must not lock the database out.
  expect(await ran("sh", [join(place, "make-secrets.sh")])).toMatchObject({ code: 1 })
})

test("each service runs with nothing that it does not need, is watched, and has its secrets in files", () => {
  const all = Object.entries(services)
  expect(all).toHaveLength(2)
  for (const [name, service] of all) {
    if (!isObject(service)) throw new Error(name)
    expect(service, name).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      restart: "unless-stopped",
      healthcheck: { test: expect.any(Array), interval: expect.any(String), start_period: expect.any(String) },
    })
    const environment = member(service, "environment")
    const secrets = Object.entries(environment).filter(([, value]) => String(value).startsWith("/run/secrets/"))
    expect(secrets.length, name).toBeGreaterThan(0)
    for (const [setting] of secrets) expect(setting).toMatch(/_FILE$/)
    expect(Object.keys(environment).filter((setting) => /(PASSWORD|KEY|URL)$/.test(setting))).toEqual([])
  }
  expect(member(services, "tocsin").ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)])
  expect(member(services, "postgres").ports).toBe(undefined)
})
