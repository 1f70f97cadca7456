import { createHash } from "node:crypto"
import tls from "node:tls"
import type { Agent } from "undici"
import type { WebhookTls } from "../domain/webhook.ts"

/** Pools of connections kept for so many different certificates; the one used least recently is closed. */
const agentsMax = 512

/**
 * An agent for each set of certificates: a connection opened with one customer's must never carry another's request,
 * though both send to the same origin.
 */
export class Agents {
  readonly #open: (wish: WebhookTls) => Agent
  readonly #agents = new Map<string, Agent>()
  /** Hashing certificates for each attempt would cost more than the attempt. */
  readonly #names = new WeakMap<WebhookTls, string>()
  readonly #closing = new Set<Promise<void>>()

  constructor(open: (wish: WebhookTls) => Agent) {
    this.#open = open
  }

  /** @throws Error when OpenSSL does not take the certificates. */
  of(wish: WebhookTls): Agent {
    const name = this.#nameOf(wish)
    const agent = this.#agents.get(name) ?? this.#open(wish)
    this.#agents.delete(name)
    this.#agents.set(name, agent)
    if (this.#agents.size > agentsMax) this.#closeOldest()
    return agent
  }

  async destroy(): Promise<void> {
    for (const agent of this.#agents.values()) if (!agent.destroyed) await agent.destroy()
    await Promise.all(this.#closing)
  }

  #closeOldest(): void {
    const oldest = this.#agents.entries().next().value
    if (oldest === undefined) return
    const [name, agent] = oldest
    this.#agents.delete(name)
    // Lets its requests under way end.
    const closing = agent.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  #nameOf(wish: WebhookTls): string {
    let name = this.#names.get(wish)
    if (name === undefined) {
      name = createHash("sha256")
        .update(JSON.stringify([wish.client, wish.authority]))
        .digest("base64url")
      this.#names.set(wish, name)
    }
    return name
  }
}

/**
 * TLS 1.2 at least, whatever else is wished.
 *
 * @param authorities to trust where the wish names none; undefined: the public ones.
 * @throws Error when OpenSSL does not take the certificates.
 */
export function secureContext(wish: WebhookTls | null, authorities: readonly string[] | undefined): tls.SecureContext {
  const ca = wish?.authority ?? (authorities && [...authorities])
  return tls.createSecureContext({
    minVersion: "TLSv1.2",
    ...(ca !== undefined && { ca }),
    ...(wish?.client && { cert: wish.client.certificate, key: wish.client.key }),
  })
}
