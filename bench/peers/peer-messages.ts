import Type, { type Static } from "typebox"
import { Compile } from "typebox/compile"

export const peerNames = ["bullmq", "pg-boss", "graphile-worker"] as const
export type PeerName = (typeof peerNames)[number]

/** What a peer's process is told at its start, as its only argument (JSON). */
export const Task = Type.Object({
  peer: Type.Enum(peerNames),
  role: Type.Union([Type.Literal("worker"), Type.Literal("producer")]),
  databaseUrl: Type.String(),
  receiverUrl: Type.String(),
  webhooks: Type.Integer(),
})
export type Task = Static<typeof Task>

export const Publish = Type.Object({ events: Type.Integer(), perRequest: Type.Integer() })
export type Publish = Static<typeof Publish>

export const Ready = Compile(Type.Object({ ready: Type.Literal(true) }))
export const Published = Compile(Type.Object({ published: Type.Integer() }))
