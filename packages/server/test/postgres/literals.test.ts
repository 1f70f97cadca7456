import fc from "fast-check"
import { afterEach, beforeEach, expect, test } from "vitest"
import { arrayOf, joined, separated } from "../../src/stores/postgres/literals.ts"
import { plannedOnce, Session } from "../../src/stores/postgres/session.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()
let session: Session
beforeEach(async () => {
  session = new Session(await server().freshDatabase(), plannedOnce)
})
afterEach(() => session.close())

/** PostgreSQL's texts hold neither, and no string here has half a character. */
const anyText = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", ""))
/** What has the shape of an id, a name or a JSON text. */
const plainText = fc.oneof(
  fc.json({ noUnicodeString: false }),
  fc.string({ unit: "grapheme" }).map((text) => JSON.stringify(text)),
  fc.stringMatching(/^[a-z]{2,4}_[0-9a-f]{32}$/),
)
const anyNumber = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))

test("columns come out of the database as they were put in, whatever they hold", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.option(anyText), fc.option(plainText), fc.option(anyNumber))),
      async (rows) => {
        const found = await session.run(
          `SELECT a, b, c FROM unnest($1::text[], ${separated(2)}, $3::float8[]) WITH ORDINALITY AS u (a, b, c, place)
           ORDER BY place`,
          [arrayOf(rows.map(([a]) => a)), joined(rows.map(([, b]) => b)), arrayOf(rows.map(([, , c]) => c))],
        )
        expect(found.map(({ a, b, c }) => [a, b, c === null ? null : Number(c)])).toEqual(
          rows.map(([a, b, c]) => [a, b, c === null ? null : c + 0]),
        )
      },
    ),
  )
})

test("what would come apart at another place, or be taken for nothing, is not joined", () => {
  expect(() => joined(["evt_1", "evt\u001f2"])).toThrow("control character")
  expect(() => joined([""])).toThrow("empty")
})
