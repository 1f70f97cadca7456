import type { Value } from "../../session.ts"
import type { Step } from "./step.ts"

/**
 * Removes rows of one table as far as the step allows.
 * @param key what tells the rows of one workspace apart.
 * @param where on the workspace (`$1`) and, from `$2`, further values.
 * @returns whether none are left.
 */
export async function removeSome(
  step: Step,
  { table, key, where }: { readonly table: string; readonly key: readonly string[]; readonly where: string },
  values: readonly Value[],
): Promise<boolean> {
  if (step.left <= 0) return false
  const names = key.join(", ")
  const rows = await step.run(
    `WITH picked AS MATERIALIZED (SELECT ${names} FROM ${table} WHERE ${where} LIMIT $${values.length + 1})
     DELETE FROM ${table} t USING picked p
     WHERE t.workspace_id = $1 AND ${key.map((name) => `t.${name} = p.${name}`).join(" AND ")} RETURNING 1`,
    [...values, step.left],
  )
  step.left -= rows.length
  return step.left > 0
}
