export type Scope =
  | "webhooks:read"
  | "webhooks:write"
  | "events:read"
  | "events:write"
  | "deliveries:read"
  | "deliveries:write"
  | "keys:write"

export type ApiKey = {
  readonly id: string
  readonly name: string
  /** The key's first characters, to tell keys apart by. */
  readonly prefix: string
  readonly scopes: readonly Scope[]
  readonly created: string
  readonly expires_at: string | null
  readonly revoked_at: string | null
  readonly last_used: string | null
}

export type NewApiKey = {
  readonly name: string
  /** Left out: those of the key that creates it. */
  readonly scopes?: readonly Scope[] | undefined
  readonly expires_at?: string | null | undefined
}

/** `key` is shown only this once. */
export type CreatedApiKey = ApiKey & { readonly key: string }
