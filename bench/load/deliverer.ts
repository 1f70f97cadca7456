/** Processes that deliver whatever is offered to them, over HTTP. */
export type Deliverer = {
  readonly pids: readonly number[]
  /** Offers events in requests of so many, and waits until the attempt of each is durably recorded. */
  deliver(events: number, perRequest: number): Promise<void>
}
