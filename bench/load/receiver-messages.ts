import Type, { type Static } from "typebox"
import { Compile } from "typebox/compile"

/** What the receiver does with requests under a path's first part. */
export const behaviours = ["ok", "silent", "unavailable"] as const
export type Behaviour = (typeof behaviours)[number]

export const Hello = Compile(
  Type.Object({ httpPort: Type.Number(), httpsPort: Type.Number(), refusedPort: Type.Number() }),
)

export const Question = Type.Union([
  Type.Object({ ask: Type.Literal("counts") }),
  Type.Object({
    ask: Type.Literal("behave"),
    path: Type.String(),
    behaviour: Type.Enum(behaviours),
  }),
  /** Begins to stamp arrivals, or ends it and hands over what was stamped. */
  Type.Object({ ask: Type.Literal("stamp") }),
  Type.Object({ ask: Type.Literal("stamps") }),
])
export type Question = Static<typeof Question>

export const Counts = Compile(Type.Record(Type.String(), Type.Number()))
/** Event ids (`webhook-id`) with the monotonic moment at which the request's last byte had come. */
export const Stamps = Compile(Type.Array(Type.Tuple([Type.String(), Type.Number()])))
export const Done = Compile(Type.Object({ done: Type.Literal(true) }))
