import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { generatedFiles } from "../scripts/generated-files.ts"
import { typeOfSchema } from "../scripts/type-of-schema.ts"

it.each([...generatedFiles()])(
  "%s is what the server's tables give (else: npm run generate -w @tocsin/client)",
  (path, text) => {
    expect(readFileSync(new URL(`../${path}`, import.meta.url), "utf8")).toBe(text)
  },
)

describe("a JSON Schema as a type", () => {
  it("keeps what is required, optional, nested and open", () => {
    const schema = {
      type: "object",
      required: ["id", "tags"],
      properties: {
        id: { type: "string" },
        count: { type: "integer" },
        tags: { type: "array", items: { type: "string" } },
        "odd-name": {},
        deep: { type: "object" },
      },
    }
    expect(typeOfSchema(schema)).toBe(
      [
        "{",
        "  readonly id: string",
        "  readonly count?: number",
        "  readonly tags: readonly string[]",
        '  readonly "odd-name"?: unknown',
        "  readonly deep?: { readonly [field: string]: unknown }",
        "}",
      ].join("\n"),
    )
  })

  it("refuses a keyword that it would otherwise ignore", () => {
    expect(() => typeOfSchema({ type: "string", enum: ["a"] })).toThrow(/enum/)
    expect(() => typeOfSchema({ type: ["string", "null"] })).toThrow(/null/)
  })
})
