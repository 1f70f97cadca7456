/** When attempts are made, counted from acceptance, if each fails: wire.md, "Retries and ordering". */
export type Schedule = {
  readonly attemptsMs: readonly number[]
  /** How many of the attempts asked for fall outside the window, and are never made. */
  readonly beyondWindow: number
}

export const retryWindowMs = 24 * 3_600_000

export function retrySchedule(config: {
  readonly max_attempts: number
  readonly backoff_multiplier: number
  readonly initial_delay_seconds: number
}): Schedule {
  const attemptsMs = [0]
  let atMs = 0
  for (let made = 1; made < config.max_attempts; made++) {
    atMs += config.initial_delay_seconds * 1000 * config.backoff_multiplier ** (made - 1)
    if (!(atMs <= retryWindowMs)) break
    attemptsMs.push(atMs)
  }
  return { attemptsMs, beyondWindow: Math.max(0, config.max_attempts - attemptsMs.length) }
}
