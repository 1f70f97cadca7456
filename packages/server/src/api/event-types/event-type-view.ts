import Type from "typebox"
import { isOperational } from "../../domain/operational.ts"
import type { EventType } from "../../domain/workspace.ts"
import {
  Closed,
  eventTypeNamePattern,
  FreeObject,
  Line,
  Nullable,
  OneOf,
  printablePattern,
} from "../schema-vocabulary.ts"

const attributePaths = Type.Optional(Type.Array(Type.String()))

export const EventTypeOrigin = OneOf(["profile", "workspace", "tocsin"], {
  description:
    "profile: built in. workspace: registered here. tocsin: what Tocsin tells of its own work; a webhook gets it only when it names it, not by `*` or a family",
})

export const EventTypeShown = Type.Object({
  name: Type.String(),
  group: Type.String(),
  description: Type.String(),
  severity: Nullable(Type.String({ description: "When the data states none" })),
  schema: Nullable(FreeObject({ description: "JSON Schema of data" })),
  sample: Nullable(FreeObject()),
  attribute_paths: Closed(
    {
      severity: attributePaths,
      environment: attributePaths,
      cloud_provider: attributePaths,
      resource_id: attributePaths,
    },
    { description: "Where in data the attributes that filters look at are found, first hit first" },
  ),
  origin: EventTypeOrigin,
})

/** What a workspace says of a type of its own, beside its name. */
export const ownTypeSettings = {
  group: Type.Optional(Line(60, { description: "Default: the name's first word" })),
  description: Type.Optional(Type.String({ maxLength: 500, pattern: printablePattern })),
  severity: Type.Optional(Nullable(Line(40))),
  schema: Type.Optional(Nullable(FreeObject({ description: "JSON Schema (2020-12) of data" }))),
  sample: Type.Optional(Nullable(FreeObject())),
}

export const EventTypeName = Type.String({ maxLength: 100, pattern: eventTypeNamePattern })

/** A path's name may be any type's, so a wrong form is simply not found. */
export const EventTypeParams = Closed({ name: Type.String({ maxLength: 100, pattern: eventTypeNamePattern }) })

/** @param isOwn whether the workspace has registered it. */
export function originOf(name: string, isOwn: boolean): "profile" | "workspace" | "tocsin" {
  if (isOperational(name)) return "tocsin"
  return isOwn ? "workspace" : "profile"
}

/** @param isOwn whether the workspace has registered it. */
export function eventTypeView(type: EventType, isOwn: boolean) {
  const { severity, environment, cloud_provider, resource_id } = type.attributePaths
  return {
    name: type.name,
    group: type.group,
    description: type.description,
    severity: type.severity,
    schema: type.schema,
    sample: isObject(type.sample) ? type.sample : null,
    attribute_paths: {
      ...(severity && { severity: [...severity] }),
      ...(environment && { environment: [...environment] }),
      ...(cloud_provider && { cloud_provider: [...cloud_provider] }),
      ...(resource_id && { resource_id: [...resource_id] }),
    },
    origin: originOf(type.name, isOwn),
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
