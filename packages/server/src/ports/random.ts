/** Randomness as an input, so that a seed replays a run. */
export interface Random {
  /** From 0 (included) to 1 (excluded); for jitter, not for secrets. */
  fraction(): number
  /** Unpredictable bytes, for ids, keys and secrets. */
  bytes(count: number): Uint8Array
}
