import { profileNames } from "../../domain/workspace.ts"
import { profileByName } from "../../profiles/by-name.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { FreeObject, Written } from "../schema-vocabulary.ts"
import { type SentMessage, sentMessages } from "../sent-messages.ts"

/** What receivers get, for tools that speak AsyncAPI 3.0: a channel for each profile, a message for each type. */
export function asyncapiDocument(api: Api, { version }: ApiParts): void {
  let text: string | null = null
  api.get(
    "/asyncapi.json",
    {
      schema: {
        tags: ["instance"],
        operationId: "asyncapi",
        summary: "What receivers get",
        response: { 200: Written(FreeObject({ description: "AsyncAPI 3.0" })) },
      },
      config: { access: "anyone" },
    },
    async (_request, reply) => {
      text ??= JSON.stringify(asyncapi(version))
      return reply.type("application/json").send(text)
    },
  )
}

function asyncapi(version: string) {
  const messages = sentMessages()
  return {
    asyncapi: "3.0.0",
    info: { title: "Tocsin: what receivers get", version, license: { name: "Apache-2.0" } },
    defaultContentType: "application/json",
    channels: Object.fromEntries(
      profileNames.map((name) => [
        name,
        {
          // Unknown until a customer registers an endpoint (AsyncAPI 3.0, "Channel Object").
          address: null,
          title: profileByName(name).title,
          description: "POSTed to the URL of each webhook that subscribes to the type",
          messages: Object.fromEntries(
            messages
              .filter(({ profile }) => profile.name === name)
              .map((message) => [message.type, described(message)]),
          ),
        },
      ]),
    ),
    operations: Object.fromEntries(
      profileNames.map((name) => [
        `deliver.${name}`,
        { action: "send", channel: { $ref: `#/channels/${name}` }, bindings: { http: { method: "POST" } } },
      ]),
    ),
  }
}

function described({ type, summary, headers, schema, example }: SentMessage) {
  return {
    name: type,
    title: type,
    summary,
    contentType: "application/json",
    headers: {
      type: "object",
      required: headers.filter(({ required }) => required).map(({ name }) => name),
      properties: Object.fromEntries(headers.map(({ name, description }) => [name, { type: "string", description }])),
    },
    payload: schema,
    examples: [{ payload: example }],
  }
}
