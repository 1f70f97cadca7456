import type { Attribute, Attributes } from "../domain/webhook.ts"
import type { EventType } from "../domain/workspace.ts"

const attributes = ["severity", "environment", "cloud_provider", "resource_id"] as const satisfies readonly Attribute[]

/**
 * What filters will see of an event (wire.md, "Attributes"). Values keep their case; comparing ignores it.
 *
 * @param data the event's parsed `data`.
 * @param stated what the publisher says in `attributes`: it overrules `data`, and counts as carried by any type.
 * @returns a key for each attribute that the type carries or the publisher stated, null where there is no value.
 */
export function attributesOf(
  type: Pick<EventType, "attributePaths" | "severity">,
  data: unknown,
  stated: Attributes | null,
): Attributes {
  const found: { [A in Attribute]?: string | null } = {}
  for (const attribute of attributes) {
    const statedValue = stated?.[attribute]
    const paths = type.attributePaths[attribute]
    if (statedValue !== undefined) found[attribute] = statedValue
    else if (paths !== undefined) found[attribute] = firstValue(attribute, paths, data) ?? defaultValue(attribute, type)
  }
  return found
}

function defaultValue(attribute: Attribute, type: Pick<EventType, "severity">): string | null {
  return attribute === "severity" ? type.severity : null
}

function firstValue(attribute: Attribute, paths: readonly string[], data: unknown): string | null {
  for (const path of paths) {
    const text = textAt(data, path)
    const value = text !== null && attribute === "cloud_provider" ? providerOf(text) : text
    if (value !== null) return value
  }
  return null
}

/** The text at a dotted path; null when there is none, or it is empty. */
function textAt(data: unknown, path: string): string | null {
  let here = data
  for (const name of path.split(".")) {
    // Own members only: a path must not reach into Object.prototype.
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, name)) return null
    here = Reflect.get(here, name)
  }
  return typeof here === "string" && here !== "" ? here : null
}

/**
 * The cloud that a resource's id or type belongs to, by the form that each cloud gives them; null for other forms.
 * Azure ids may begin with a scope other than a subscription, so `/providers/Microsoft.…` inside one counts as well.
 */
export function providerOf(resource: string): "aws" | "azure" | "gcp" | null {
  if (/^(arn:|AWS::)/i.test(resource)) return "aws"
  if (/^(\/subscriptions\/|Microsoft\.)|\/providers\/Microsoft\./i.test(resource)) return "azure"
  if (/^(projects\/|(https:)?(\/\/)?[a-z0-9.-]+\.googleapis\.com(\/|$))/i.test(resource)) return "gcp"
  return null
}
