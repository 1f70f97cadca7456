import type { WorkspaceId } from "../domain/ids.ts"
import { Line } from "./line.ts"
import type { WebhookQueue } from "./webhook-queue.ts"

/**
 * The queues that could start an attempt. Workspaces take turns, and in each its webhooks: one that has ten thousand to send
 * for delays another by one attempt, not by as many.
 */
export class Turns {
  readonly #workspaces = new Line<WorkspaceId>()
  readonly #queues = new Map<WorkspaceId, Line<WebhookQueue>>()

  /** How many have a queue that could. */
  get workspaces(): number {
    return this.#workspaces.length
  }

  has(queue: WebhookQueue): boolean {
    return this.#queues.get(queue.workspaceId)?.has(queue) === true
  }

  add(queue: WebhookQueue): void {
    const { workspaceId } = queue
    const known = this.#queues.get(workspaceId)
    const line = known ?? new Line()
    line.join(queue)
    if (known) return
    this.#queues.set(workspaceId, line)
    this.#workspaces.join(workspaceId)
  }

  delete(queue: WebhookQueue): void {
    const { workspaceId } = queue
    const line = this.#queues.get(workspaceId)
    if (!line) return
    line.leave(queue)
    if (line.length > 0) return
    this.#queues.delete(workspaceId)
    this.#workspaces.leave(workspaceId)
  }

  /** Whose turn it is. */
  next(): WebhookQueue | null {
    const workspaceId = this.#workspaces.first()
    return (workspaceId !== undefined && this.#queues.get(workspaceId)?.first()) || null
  }

  /** The turn of its workspace is over. */
  pass({ workspaceId }: WebhookQueue): void {
    if (this.#workspaces.length < 2 || !this.#workspaces.has(workspaceId)) return
    this.#workspaces.leave(workspaceId)
    this.#workspaces.join(workspaceId)
  }

  clear(): void {
    for (const workspaceId of this.#queues.keys()) this.#workspaces.leave(workspaceId)
    this.#queues.clear()
  }
}
