/** Who changed what. Secrets are masked. */
export type AuditEntry = {
  readonly id: string
  readonly workspace_id: string
  readonly at: string
  readonly actor: {
    readonly kind: "api_key" | "admin" | "engine"
    readonly id: string | null
    readonly name: string | null
  }
  readonly address: string | null
  /** `webhook.created`, `webhook.secret_revealed`, … */
  readonly action: string
  /** The id of what was acted on. */
  readonly subject: string
  readonly before: unknown
  readonly after: unknown
}
