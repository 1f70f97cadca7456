const undos: (() => unknown)[] = []

/** Has something undone also when the program is interrupted. @returns to be called once it is undone anyway */
export function undoneInAnyCase(undo: () => unknown): () => void {
  undos.push(undo)
  return () => {
    const at = undos.indexOf(undo)
    if (at >= 0) undos.splice(at, 1)
  }
}

/** The last first: a server ends before its disk goes. */
export async function undoAll(): Promise<void> {
  for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo()
}
