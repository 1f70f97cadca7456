import { text } from "./columns.ts"
import type { Runner } from "./session.ts"

/** What the nodes of one database agree on: small values by name. */
export type Agreeing = {
  /** @returns the value that counts: this one, unless another node was first. */
  claim(name: string, value: string): Promise<string>
  put(name: string, value: string): Promise<void>
  /** Takes a claimed value back. */
  withdraw(name: string, value: string): Promise<void>
}

/** What counts under a name; null where nobody has claimed it. */
export async function agreedValue(run: Runner["run"], name: string): Promise<string | null> {
  const [row] = await run("SELECT value FROM instance WHERE name = $1", [name])
  return row === undefined ? null : text(row, "value")
}

export function agreeing(run: Runner["run"]): Agreeing {
  return {
    async claim(name, value) {
      await run("INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", [name, value])
      return (await agreedValue(run, name)) ?? value
    },
    async put(name, value) {
      await run(
        "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, value],
      )
    },
    async withdraw(name, value) {
      await run("DELETE FROM instance WHERE name = $1 AND value = $2", [name, value])
    },
  }
}
