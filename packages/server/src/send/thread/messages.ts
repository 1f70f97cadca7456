import type { Tape } from "../../threads/tape.ts"
import type { EgressProxy } from "../egress-proxy.ts"

/** What the sending thread is started with: options of the sender that can cross to another thread. */
export type ThreadOptions = {
  /** As the operator wrote them (`TOCSIN_ALLOWED_TARGETS`, `TOCSIN_DENIED_TARGETS`). */
  readonly allowedTargets: string
  readonly deniedTargets: string
  readonly egressProxy: EgressProxy | null
  readonly connectTimeoutMs?: number
  readonly maxSocketsPerOrigin?: number
  /** PEM certificates of authorities to trust beside the usual ones. */
  readonly trustedCertificates?: readonly string[]
}

export type ToThread =
  | { readonly kind: "send"; readonly requests: Tape }
  | { readonly kind: "refusal"; readonly id: number; readonly url: string }
  | { readonly kind: "close" }

export type FromThread =
  | { readonly kind: "sent"; readonly results: Tape }
  | { readonly kind: "refusal"; readonly id: number; readonly refusal: string | null }
  /** A refusal that could not be found out. */
  | { readonly kind: "unknown"; readonly id: number; readonly why: string }
  | { readonly kind: "closed" }
