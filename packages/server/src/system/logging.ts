import { type DestinationStream, type Logger, pino, stdSerializers } from "pino"
import { isCredentialHeader } from "../domain/credential-headers.ts"

/** Stands for what is left out. */
export const censor = "[redacted]"

/** Of whole statements, whose values may hold events and secrets: what a database driver adds to its errors. */
const statementFields: ReadonlySet<string> = new Set(["parameters", "args", "body"])

/** A field's name that says credential, or one of ours in a longer text. */
const inText: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, `$1 ${censor}`],
  [/\bwhsec_[\w+/=-]+/g, censor],
  [/\bt[ak]_[\w-]{16,}/g, censor],
  // user:password@ of any URL.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]*@/gi, `$1${censor}@`],
]

const deepest = 8

/**
 * The log: lines of JSON, with whatever looks like a credential left out, by the name of its field or by its own form,
 * however deep it stands. Nothing here is meant to log one: this is for what an error of a library brings along. There
 * are few lines (none for a request or a delivery), so it may cost.
 */
export function openLog(destination: DestinationStream): Logger {
  return pino(
    {
      level: "info",
      formatters: { log: (fields) => redactedFields(fields, 0) },
      serializers: { err: (error: Error) => redacted(stdSerializers.err(error), 0) },
      hooks: {
        logMethod(inputs, method) {
          const [first, ...rest] = inputs
          const clean = (value: unknown) => (typeof value === "string" ? redactedText(value) : value)
          method.apply(this, [clean(first), ...rest.map(clean)] as Parameters<typeof method>)
        },
      },
    },
    destination,
  )
}

function redacted(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactedText(value)
  // Its serializer comes after this, and sees it whole.
  if (typeof value !== "object" || value === null || value instanceof Error) return value
  if (depth >= deepest) return censor
  if (Array.isArray(value)) return value.map((each) => redacted(each, depth + 1))
  return redactedFields(value, depth)
}

function redactedFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value != null && (isCredentialHeader(name, "") || statementFields.has(name))
        ? censor
        : redacted(value, depth + 1),
    ]),
  )
}

function redactedText(text: string): string {
  return inText.reduce((left, [pattern, shown]) => left.replace(pattern, shown), text)
}
