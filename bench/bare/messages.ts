import Type, { type Static } from "typebox"
import { Compile } from "typebox/compile"

/** What the process of a bare path is told at its start, as its only argument (JSON). */
export const Task = Type.Object({
  store: Type.Union([
    Type.Object({ kind: Type.Literal("sqlite"), directory: Type.String() }),
    Type.Object({ kind: Type.Literal("postgres"), url: Type.String() }),
  ]),
  receiverUrl: Type.String(),
})
export type Task = Static<typeof Task>

export const Listening = Compile(Type.Object({ address: Type.String() }))

/** The documented violation event, as far as the bare path looks at it. */
const Event = Type.Object({
  type: Type.String(),
  data: Type.Object({
    violation: Type.Object({ tags: Type.Object({ environment: Type.String() }) }),
  }),
})
export type Event = Static<typeof Event>
export const Single = Compile(Event)
export const Batch = Compile(Type.Object({ events: Type.Array(Event) }))
