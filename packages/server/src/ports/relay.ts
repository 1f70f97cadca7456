/** Passes what is of use only at once between nodes. A message may be lost; one that is too long is. */
export interface Relay {
  /** To every other node. @param message at most some 7,000 bytes, without line breaks */
  publish(message: string): void
  onMessage(listener: (message: string) => void): void
}
