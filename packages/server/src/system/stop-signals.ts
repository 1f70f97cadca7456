/**
 * What npm runs gets a terminal's Ctrl-C twice: from the terminal, and from npm, which passes on what it gets itself. No
 * person asks for the second time so soon.
 */
const sameWithinMs = 500

/**
 * Tells a program that it shall stop.
 *
 * @param first called once, at the first of the signals.
 * @param again called at each that comes after it and is not the same one, heard twice.
 */
export function onStopSignals<Signal extends NodeJS.Signals>(
  signals: readonly Signal[],
  { first, again }: { readonly first: (signal: Signal) => void; readonly again: (signal: Signal) => void },
): void {
  let firstAtMs: number | null = null
  for (const signal of signals) {
    process.on(signal, () => {
      if (firstAtMs === null) {
        firstAtMs = performance.now()
        first(signal)
      } else if (performance.now() - firstAtMs > sameWithinMs) again(signal)
    })
  }
}
