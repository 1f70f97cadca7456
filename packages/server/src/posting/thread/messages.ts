import type { ProfileName } from "../../domain/workspace.ts"
import type { PostTarget } from "../../ports/poster.ts"
import type { Tape } from "../../threads/tape.ts"

/** A webhook as the thread knows it: posts name it by a number, so that its settings cross when they change and not with each. */
export type NumberedTarget = {
  readonly number: number
  readonly webhook: PostTarget
  readonly profile: ProfileName
}

export type Posts = {
  readonly kind: "post"
  /** First of all: new ones, and what is said anew of known ones. */
  readonly targets: readonly NumberedTarget[]
  readonly posts: Tape
  /** Last of all: numbers that no later post names. */
  readonly forgotten: readonly number[]
}

export type ToThread =
  | Posts
  | { readonly kind: "refusal"; readonly id: number; readonly url: string }
  | { readonly kind: "areYouThere" }
  | { readonly kind: "close" }

export type FromThread =
  | { readonly kind: "posted"; readonly results: Tape }
  | { readonly kind: "refusal"; readonly id: number; readonly refusal: string | null }
  /** What could not be done, or found out, by a fault of ours. */
  | { readonly kind: "fault"; readonly id: number; readonly why: string }
  | { readonly kind: "iAmHere" }
  | { readonly kind: "closed" }
