/** What came of changing the key that seals secrets at rest. */
export type KeyRotation = {
  /** Of the present key: 8 hex digits of its hash. */
  readonly key_id: string
  /** Whether a new key was made; else the operator's settings gave it. */
  readonly made: boolean
  /** Webhooks sealed anew. */
  readonly resealed: number
  /** Webhooks that another key still seals; rotating again takes them up. */
  readonly left: number
  /** Which those are; the first 100 of more. */
  readonly left_webhooks: readonly { readonly workspace_id: string; readonly id: string }[]
}
