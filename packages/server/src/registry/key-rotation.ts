import type { AuditEntry } from "../domain/audit.ts"
import type { WorkspaceId } from "../domain/ids.ts"
import type { Store, StoredWebhook } from "../ports/store.ts"
import type { Registry } from "./registry.ts"
import type { Sealing } from "./webhook-record.ts"

/** What rotation needs of the keys; `secrets/key-ring.ts` is the real one. */
export type RotatingSealing = Sealing & { readonly keyId: string; isPresent(sealed: string): boolean }

export type Rotated = {
  readonly keyId: string
  /** Whether a new key was made; otherwise the present one was given by the operator. */
  readonly made: boolean
  /** Webhooks sealed anew. */
  readonly resealed: number
  /** Webhooks that another key still seals: others kept changing them. Rotating again takes them up. */
  readonly left: readonly Pick<StoredWebhook, "workspaceId" | "id">[]
}

/** What the audit log is to say of a workspace whose webhooks were sealed anew. */
export type RotationNote = (workspaceId: WorkspaceId, webhooks: number, keyId: string) => AuditEntry

/** One commit seals so many webhooks: few enough that nobody notices. */
const stepWebhooks = 100
const passesMax = 5

/**
 * Changes the encryption key while the server runs: from then on the new key seals, the old ones still open what they
 * sealed, and all webhooks are sealed anew in small steps. Ended at any point, the next start reads everything.
 */
export class KeyRotation {
  readonly #registry: Registry
  readonly #store: Pick<Store, "loadConfig">
  readonly #sealing: RotatingSealing
  readonly #makeKey: (() => void) | null
  #running: Promise<Rotated> | null = null

  /**
   * @param makeKey keeps a new key durably and makes it the present one; null where the operator gives the keys.
   */
  constructor(
    registry: Registry,
    store: Pick<Store, "loadConfig">,
    sealing: RotatingSealing,
    makeKey: (() => void) | null,
  ) {
    this.#registry = registry
    this.#store = store
    this.#sealing = sealing
    this.#makeKey = makeKey
  }

  /** Who asks while it runs gets the same answer. @throws StoreUnavailable */
  rotate(note: RotationNote): Promise<Rotated> {
    this.#running ??= this.#rotate(note).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #rotate(note: RotationNote): Promise<Rotated> {
    this.#makeKey?.()
    let resealed = 0
    let left = await this.#sealedByOthers()
    for (let pass = 0; pass < passesMax && left.length > 0; pass++) {
      for (const webhooks of ofOneWorkspace(left)) {
        for (let from = 0; from < webhooks.length; from += stepWebhooks) {
          resealed += await this.#step(webhooks.slice(from, from + stepWebhooks), note)
        }
      }
      left = await this.#sealedByOthers()
    }
    return { keyId: this.#sealing.keyId, made: this.#makeKey !== null, resealed, left }
  }

  /** @returns how many were sealed anew: none when one of them was just being changed. */
  async #step(stored: readonly StoredWebhook[], note: RotationNote): Promise<number> {
    const workspaceId = stored[0]?.workspaceId
    if (workspaceId === undefined) return 0
    const changes = stored.flatMap(({ id }) => {
      const webhook = this.#registry.webhook(workspaceId, id)
      return webhook ? [{ kind: "webhook", put: { ...webhook, version: webhook.version + 1 } } as const] : []
    })
    if (changes.length === 0) return 0
    const outcome = await this.#registry.change(changes, [note(workspaceId, changes.length, this.#sealing.keyId)])
    if (outcome === "done") return changes.length
    // The other writer may be another node, whose change this one has not been told of yet.
    await this.#registry.reload()
    return 0
  }

  async #sealedByOthers(): Promise<readonly StoredWebhook[]> {
    const { webhooks } = await this.#store.loadConfig()
    return webhooks.filter(({ sealed }) => sealed !== null && !this.#sealing.isPresent(sealed))
  }
}

function ofOneWorkspace(webhooks: readonly StoredWebhook[]): readonly (readonly StoredWebhook[])[] {
  return [...Map.groupBy(webhooks, ({ workspaceId }) => workspaceId).values()]
}
