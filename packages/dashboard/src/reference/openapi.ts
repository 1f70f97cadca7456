/** What the reference shows of the server's OpenAPI document: read with care, since it is data. */
export type Operation = {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description: string
  readonly parameters: readonly {
    readonly name: string
    readonly place: string
    readonly required: boolean
    readonly about: string
  }[]
  readonly body: string | null
  readonly answers: readonly { readonly status: string; readonly about: string; readonly schema: string | null }[]
}

type Fields = { readonly [name: string]: unknown }

export function operationsOf(document: unknown): Operation[] {
  const { paths, webhooks } = fields(document)
  // What receivers get is an operation too, of which Tocsin is the client.
  return Object.entries({ ...fields(paths), ...fields(webhooks) }).flatMap(([path, item]) =>
    Object.entries(fields(item)).map(([method, operation]) => operationOf(path, method, fields(operation))),
  )
}

function operationOf(path: string, method: string, operation: Fields): Operation {
  return {
    id: text(operation.operationId),
    method: method.toUpperCase(),
    path,
    tag: text(list(operation.tags)[0]) || "other",
    summary: text(operation.summary),
    description: text(operation.description).replaceAll("`", ""),
    parameters: list(operation.parameters)
      .map(fields)
      .map((each) => ({
        name: text(each.name),
        place: text(each.in),
        required: each.required === true,
        about: text(each.description) || typeOf(fields(each.schema)),
      })),
    body: schemaOf(operation.requestBody),
    answers: Object.entries(fields(operation.responses)).map(([status, answer]) => ({
      status,
      about: text(fields(answer).description).replace("Default Response", "").replaceAll("`", ""),
      schema: Number(status) < 300 ? schemaOf(answer) : null,
    })),
  }
}

function schemaOf(holder: unknown): string | null {
  const schema = fields(fields(fields(holder).content)["application/json"]).schema
  return schema === undefined ? null : JSON.stringify(schema)
}

function typeOf(schema: Fields): string {
  const choices = list(schema.enum)
  return choices.length > 0 ? choices.map(String).join(", ") : [schema.type].flat().map(text).join(" or ")
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string {
  return typeof value === "string" ? value : ""
}
