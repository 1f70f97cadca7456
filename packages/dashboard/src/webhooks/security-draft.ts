import type { Authorization, Webhook, WebhookTls } from "@tocsin/client"

/** How the endpoint is convinced of us, and we of it, as it is typed. What the server shows masked is sent back as it is. */
export type SecurityDraft = {
  readonly authorizationType: "none" | Authorization["type"]
  readonly authorizationValue: string
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string
  readonly audience: string
  readonly clientAuthentication: "basic" | "body"
  readonly clientCertificate: string
  readonly clientKey: string
  readonly authority: string
}

export function securityDraftOf({ authorization, tls }: Pick<Webhook, "authorization" | "tls">): SecurityDraft {
  return {
    authorizationType: authorization?.type ?? "none",
    authorizationValue: authorization?.value ?? "",
    tokenUrl: authorization?.token_url ?? "",
    clientId: authorization?.client_id ?? "",
    clientSecret: authorization?.client_secret ?? "",
    scope: authorization?.scope ?? "",
    audience: authorization?.audience ?? "",
    clientAuthentication: authorization?.client_authentication ?? "basic",
    clientCertificate: tls?.client_certificate ?? "",
    clientKey: tls?.client_key ?? "",
    authority: tls?.authority ?? "",
  }
}

/** Fields left empty are left out: the server then says which it needs, at that field. */
export function authorizationOf(draft: SecurityDraft): Authorization | null {
  switch (draft.authorizationType) {
    case "none":
      return null
    case "static":
      return { type: "static", value: filled(draft.authorizationValue) }
    case "oauth2_client_credentials":
      return {
        type: "oauth2_client_credentials",
        token_url: filled(draft.tokenUrl),
        client_id: filled(draft.clientId),
        client_secret: filled(draft.clientSecret),
        scope: filled(draft.scope),
        audience: filled(draft.audience),
        client_authentication: draft.clientAuthentication,
      }
  }
}

export function tlsOf(draft: SecurityDraft): WebhookTls | null {
  const tls = {
    client_certificate: filled(draft.clientCertificate),
    client_key: filled(draft.clientKey),
    authority: filled(draft.authority),
  }
  return Object.values(tls).every((text) => text === undefined) ? null : tls
}

function filled(text: string): string | undefined {
  const trimmed = text.trim()
  return trimmed === "" ? undefined : trimmed
}
