const undos: (() => Promise<void>)[] = []
const interruption = new AbortController()

/** Once it is aborted everything is being undone: nothing is to be started any more, since nobody would end it. */
export const interrupted: AbortSignal = interruption.signal

/**
 * Has something undone also when the program is interrupted. To be called before it is begun, or at once after what cannot
 * be interrupted: an interruption comes whenever something is awaited.
 *
 * @returns undoes it, once, whoever asks first; resolves when it is undone
 */
export function undoneInAnyCase(undo: () => unknown): () => Promise<void> {
  let undone: Promise<void> | null = null
  const once = () => {
    undone ??= (async () => {
      await undo()
      const at = undos.indexOf(once)
      if (at >= 0) undos.splice(at, 1)
    })()
    return undone
  }
  undos.push(once)
  return once
}

let allUndone: Promise<void> | null = null

/** The last first: a server ends before its disk goes. Whoever is impatient and asks again waits for the same. */
export function undoAll(): Promise<void> {
  allUndone ??= (async () => {
    interruption.abort(new Error("interrupted"))
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop())
      // What cannot be undone must not keep the rest from being.
      await undo().catch((error: unknown) => process.stderr.write(`left behind: ${error}\n`))
  })()
  return allUndone
}
