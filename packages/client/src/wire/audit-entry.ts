/** Who changed what. Secrets are masked. */
export type AuditEntry = {
  readonly id: string
  readonly workspace_id: string
  /** The place in the workspace's chain, from 1; 0 for one from before it. */
  readonly sequence: number
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
  /** Of the record before; 64 zeros for the first. */
  readonly previous_hash: string
  /** SHA-256, hex, of the RFC 8785 form of all the other members. */
  readonly hash: string
}

/** Whether an audit log is as it was written. */
export type AuditVerification = {
  readonly workspace_id: string
  readonly intact: boolean
  /** How many records check out, from the first on. */
  readonly records: number
  /** Hash of the last of those; keep it elsewhere to compare later. */
  readonly head: string
  readonly broken_at: number | null
  readonly because: "missing" | "altered" | "misplaced" | null
}
