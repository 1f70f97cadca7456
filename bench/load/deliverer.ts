/** One process that delivers whatever is offered to it, over HTTP. */
export type Deliverer = {
  readonly pid: number
  /** Offers events in requests of so many, and waits until the attempt of each is durably recorded. */
  deliver(events: number, perRequest: number): Promise<void>
}
