import type { DatabaseSync } from "node:sqlite"
import { writer } from "../prepared.ts"

/** Writes a little, because only a write tells whether the disk takes one. */
export function prepareCheck(db: DatabaseSync): () => void {
  const write = writer(db, "UPDATE readiness SET checks = checks + 1")
  return () => {
    write()
  }
}
