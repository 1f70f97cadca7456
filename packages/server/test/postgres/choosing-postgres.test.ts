import { expect, test } from "vitest"
import { choosePostgres, type PostgresSources, type Source } from "./choosing-postgres.ts"
import { postgresSources } from "./postgres-sources.ts"

/** Sources that note that they were asked. */
function sources(
  isRoot: boolean,
  answers: Readonly<Record<"installed" | "debian" | "embedded", Source | Error>>,
): { readonly asked: string[]; readonly given: PostgresSources } {
  const asked: string[] = []
  const answer = (name: keyof typeof answers) => async () => {
    asked.push(name)
    const given = answers[name]
    if (given instanceof Error) throw given
    return given
  }
  const given = {
    isRoot,
    installed: answer("installed"),
    debian: answer("debian"),
    embedded: answer("embedded"),
  }
  return { asked, given }
}

const none = {
  installed: { why: "none in PATH" },
  debian: { why: "no network" },
  embedded: { why: "not installed" },
}

test("one that is there is taken, and nothing is installed", async () => {
  const { asked, given } = sources(true, { ...none, installed: { folder: "/there" }, embedded: { folder: "/npm" } })
  expect(await choosePostgres(given)).toBe("/there")
  expect(asked).toEqual(["installed"])
})

test("else Debian's package, for root alone", async () => {
  const both = { ...none, debian: { folder: "/debian" }, embedded: { folder: "/npm" } }
  const root = sources(true, both)
  expect(await choosePostgres(root.given)).toBe("/debian")
  expect(root.asked).toEqual(["installed", "debian"])
  const someone = sources(false, both)
  expect(await choosePostgres(someone.given)).toBe("/npm")
  expect(someone.asked).toEqual(["installed", "embedded"])
})

test("else what npm brought, also when what was tried before broke", async () => {
  const broken = { installed: new Error("spawn\nEACCES"), debian: new Error("boom"), embedded: { folder: "/npm" } }
  expect(await choosePostgres(sources(true, broken).given)).toBe("/npm")
})

test("else one line that says of each why not", async () => {
  const broken = { ...none, installed: new Error("spawn postgres\nEACCES\n") }
  await expect(choosePostgres(sources(true, broken).given)).rejects.toThrow(
    /^These tests need a PostgreSQL server: spawn postgres, EACCES; no network; not installed\. Install PostgreSQL 15 or newer\.$/,
  )
  await expect(choosePostgres(sources(false, none).given)).rejects.toThrow(
    /^These tests need .*: none in PATH; Debian's package can be installed by root alone; not installed\. Install .*$/,
  )
})

test("what npm brought runs here", async () => {
  expect(await postgresSources.embedded()).toEqual({ folder: expect.stringContaining("native") })
})
