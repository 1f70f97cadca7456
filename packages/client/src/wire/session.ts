import type { Scope } from "./api-key.ts"
import type { Ordering } from "./webhook.ts"
import type { Workspace } from "./workspace.ts"

/** Who is calling, and for which workspace. */
export type Session = {
  readonly workspace: Workspace
  readonly profile: {
    readonly title: string
    /** Before `Event`, `Delivery`, `Attempt`, `Sequence` and `Test`. */
    readonly header_prefix: string
    readonly signature_header: string
    readonly success_rule: string
    readonly timeout_seconds: { readonly default: number; readonly max: number }
    readonly ordering: Ordering
    readonly secret: "required" | "generated"
  }
  readonly key: {
    readonly id: string
    readonly name: string
    readonly prefix: string
    readonly scopes: readonly Scope[]
  }
  /** Of the session; of the key where there is none; null: never. */
  readonly expires_at: string | null
}
