import { closeSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

const pageBytes = 4096

/** Overwrites the head of the page with a table's first rows, as a failing disk might. Nobody has the database open. */
export function damageFirstRowsOf(table: string, directory: string): void {
  const path = join(directory, "tocsin.db")
  const db = new DatabaseSync(path, { readOnly: true })
  const leaf = db
    .prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path LIMIT 1")
    .get(table)
  db.close()
  if (typeof leaf?.pageno !== "number" || leaf.pageno === 1) throw new Error(`no page of ${table} can be damaged`)
  const file = openSync(path, "r+")
  writeSync(file, Buffer.alloc(64, 0xff), 0, 64, (leaf.pageno - 1) * pageBytes)
  closeSync(file)
}
