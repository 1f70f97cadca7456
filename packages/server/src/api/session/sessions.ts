import { hashKey } from "../../secrets/api-key.ts"
import type { Sealer } from "../../secrets/sealing.ts"

/** A person's sign-in: which key it stands for, and until when. */
export type Session = {
  readonly id: string
  /** SHA-256 of the API key, hex, by which the registry knows it: a revoked key ends its sessions at once. */
  readonly keyHash: string
  readonly expiresMs: number
}

/** A working day and a long evening; whoever comes back the next day signs in again. */
const sessionLifeMs = 16 * 3_600_000

/** Beyond this many sign-outs within a session's life the oldest are forgotten; their cookies were cleared anyway. */
const endedMax = 10_000

/**
 * Sessions live in their cookie, sealed (AES-256-GCM), so that any node that has the encryption key knows them and a
 * restart ends none. They hold the API key itself, of which the database has the hash alone: a copy of the data directory,
 * with the encryption key in it, makes nobody a session. What a cookie cannot say is that it was signed out of: that is
 * kept here.
 */
export class Sessions {
  readonly #sealer: Pick<Sealer, "seal" | "open">
  readonly #ended = new Map<string, number>()

  /** @param sealer with a key used for nothing else, so that no other sealed record passes for a session. */
  constructor(sealer: Pick<Sealer, "seal" | "open">) {
    this.#sealer = sealer
  }

  /** @param id 16 unpredictable bytes in hex. @param keyExpiresMs no session outlives its key. */
  begin(id: string, apiKey: string, keyExpiresMs: number | null, nowMs: number): { session: Session; cookie: string } {
    const expiresMs = Math.min(nowMs + sessionLifeMs, keyExpiresMs ?? Number.POSITIVE_INFINITY)
    const session = { id, keyHash: hashKey(apiKey), expiresMs }
    return { session, cookie: this.#sealer.seal(JSON.stringify([id, apiKey, expiresMs])) }
  }

  /** @returns null for a cookie that is not one of ours, has expired, or was signed out of. */
  read(cookie: string, nowMs: number): Session | null {
    const session = this.#opened(cookie)
    return session !== null && this.isOpen(session, nowMs) ? session : null
  }

  /** Whether one that was read is still good. */
  isOpen({ id, expiresMs }: Session, nowMs: number): boolean {
    return expiresMs > nowMs && !this.#ended.has(id)
  }

  end({ id, expiresMs }: Session, nowMs: number): void {
    for (const [each, untilMs] of this.#ended) {
      if (untilMs > nowMs && this.#ended.size < endedMax) break
      this.#ended.delete(each)
    }
    this.#ended.set(id, expiresMs)
  }

  #opened(cookie: string): Session | null {
    try {
      return sessionOf(JSON.parse(this.#sealer.open(cookie)))
    } catch {
      // Sealed with another key, altered, or made up: whoever sent it signs in again.
      return null
    }
  }
}

function sessionOf(fields: unknown): Session | null {
  if (!Array.isArray(fields)) return null
  const [id, apiKey, expiresMs]: unknown[] = fields
  if (typeof id !== "string" || typeof apiKey !== "string" || typeof expiresMs !== "number") return null
  return { id, keyHash: hashKey(apiKey), expiresMs }
}
