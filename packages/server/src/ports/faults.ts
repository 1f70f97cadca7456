/**
 * Told of what should not happen, and of what was being done; whoever tells goes on. A store that is away
 * (`StoreUnavailable`) is told by all that need it, each time that they try.
 */
export type OnFault = (fault: unknown, what: string) => void
