/**
 * The events below are unions, so that a look at `type` tells what `data` is. Types that a workspace registered are
 * declared by an object type: `PolicyCortexEvent<{ "invoice.paid": { amount: number } }>`. One that was not declared
 * still arrives, and ends in the `default` of a `switch`: to check at run time is why `data`'s schema is there.
 */

type NoOwn = Record<never, never>

/** The envelope of PolicyCortex's document. */
type PolicyCortexEnvelope<Type extends string, Data> = {
  readonly id: string
  readonly type: Type
  /** RFC 3339, UTC. */
  readonly created: string
  readonly data: Data
}

/** The envelope of CyberVault's document, with `type` beside `event` so that all profiles read alike. */
type CyberVaultEnvelope<Type extends string, Data> = {
  readonly id: string
  readonly type: Type
  readonly event: Type
  /** RFC 3339, UTC. */
  readonly timestamp: string
  readonly data: Data
  readonly metadata: {
    readonly workspace_id: string
    readonly engine_version: string
    /** The same in every delivery of the event. */
    readonly idempotency_key: string
    readonly [name: string]: unknown
  }
}

/** The envelope of Standard Webhooks, with the `webhook-id` header's value as `id`. */
type StandardEnvelope<Type extends string, Data> = {
  readonly id: string
  readonly type: Type
  /** RFC 3339, UTC. */
  readonly timestamp: string
  readonly data: Data
}

export type PolicyCortexEvents<Listed, Own = NoOwn> = {
  [Type in keyof (Listed & Own) & string]: PolicyCortexEnvelope<Type, (Listed & Own)[Type]>
}[keyof (Listed & Own) & string]

export type CyberVaultEvents<Listed, Own = NoOwn> = {
  [Type in keyof (Listed & Own) & string]: CyberVaultEnvelope<Type, (Listed & Own)[Type]>
}[keyof (Listed & Own) & string]

export type StandardEvents<Own> = {
  [Type in keyof Own & string]: StandardEnvelope<Type, Own[Type]>
}[keyof Own & string]
