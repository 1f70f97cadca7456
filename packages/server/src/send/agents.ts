import { createHash } from "node:crypto"
import tls from "node:tls"
import type { Agent } from "undici"
import { type ReadTls, readTls } from "../domain/tls-reading.ts"
import type { WebhookTls } from "../domain/webhook.ts"
import { SendFailure } from "./failure-codes.ts"

/** Pools of connections kept for so many different certificates; the one used least recently is closed. */
const agentsMax = 512

/**
 * An agent for each set of certificates: a connection opened with one customer's must never carry another's request,
 * though both send to the same origin.
 */
export class Agents {
  readonly #open: (wish: ReadTls) => Agent
  /** A failure in place of an agent: what cannot be used is judged once too. */
  readonly #agents = new Map<string, Agent | SendFailure>()
  /** Hashing certificates for each attempt would cost more than the attempt. */
  readonly #names = new WeakMap<WebhookTls, string>()
  readonly #closing = new Set<Promise<void>>()

  /** @param open may throw when OpenSSL does not take the certificates. */
  constructor(open: (wish: ReadTls) => Agent) {
    this.#open = open
  }

  /** @returns a failure when they cannot be used, or must not be: they may have been stored under other rules. */
  of(wish: WebhookTls): Agent | SendFailure {
    const name = this.#nameOf(wish)
    const agent = this.#agents.get(name) ?? this.#opened(wish)
    this.#agents.delete(name)
    this.#agents.set(name, agent)
    if (this.#agents.size > agentsMax) this.#closeOldest()
    return agent
  }

  async destroy(): Promise<void> {
    for (const agent of this.#agents.values())
      if (!(agent instanceof SendFailure) && !agent.destroyed) await agent.destroy()
    await Promise.all(this.#closing)
  }

  #opened(wish: WebhookTls): Agent | SendFailure {
    const reading = readTls(wish)
    if (!reading.ok) {
      const [{ of, detail }] = reading.flaws
      return unusable(`its ${of} ${detail}`)
    }
    try {
      return this.#open(reading.tls)
    } catch {
      return unusable("OpenSSL does not take it")
    }
  }

  #closeOldest(): void {
    const oldest = this.#agents.entries().next().value
    if (oldest === undefined) return
    const [name, agent] = oldest
    this.#agents.delete(name)
    if (agent instanceof SendFailure) return
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

function unusable(because: string): SendFailure {
  return new SendFailure("tls_client_certificate", `The webhook's tls cannot be used: ${because}`)
}

/**
 * What is spoken, the receiver choosing. Without the exchange of keys over finite fields of TLS 1.2 (DHE), where the
 * receiver makes up the modulus: one of 10,000 bits that is no prime took a second of the thread that posts for
 * everybody. TLS 1.3 has fixed groups, of 3 ms at most. Without static RSA too, which keeps nothing secret once the
 * receiver's key is known (RFC 9325 §4.1). CBC stays, with SHA-2: Windows Server 2012 R2 with an RSA certificate has
 * nothing else over elliptic curves.
 */
const ciphers = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  "ECDHE+AESGCM",
  "ECDHE+CHACHA20",
  "ECDHE-ECDSA-AES128-SHA256",
  "ECDHE-RSA-AES128-SHA256",
  "ECDHE-ECDSA-AES256-SHA384",
  "ECDHE-RSA-AES256-SHA384",
].join(":")

/**
 * TLS 1.2 at least, and with the ciphers above, whatever else is wished.
 *
 * @param authorities to trust where the wish names none; undefined: the public ones.
 * @throws Error when OpenSSL does not take the certificates.
 */
export function secureContext(wish: ReadTls | null, authorities: readonly string[] | undefined): tls.SecureContext {
  const ca = wish?.authorities?.map(String) ?? (authorities && [...authorities])
  return tls.createSecureContext({
    minVersion: "TLSv1.2",
    ciphers,
    ...(ca !== undefined && { ca }),
    ...(wish?.client && {
      cert: wish.client.chain.map(String).join(""),
      key: wish.client.key.export({ type: "pkcs8", format: "pem" }),
    }),
  })
}
