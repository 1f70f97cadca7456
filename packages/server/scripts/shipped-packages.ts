export type Shipped = { readonly name: string; readonly version: string; readonly licence: string }

type Locked = {
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly link?: boolean
}

/** Permissive ones: they ask for their text to come along, which the packages bring. */
const accepted: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "Unlicense",
])

/** Packages of others that run in production, by the lock file: what only builds or tests is not shipped. */
export function shippedPackages(lock: { readonly packages: Readonly<Record<string, Locked>> }): readonly Shipped[] {
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional, link }]) => path.includes("node_modules/") && !dev && !devOptional && !link)
    .map(([path, { version = "unknown", license = "unknown" }]) => ({
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version,
      licence: license,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

export function refusedLicences(shipped: readonly Shipped[]): readonly Shipped[] {
  return shipped.filter(({ licence }) => !accepted.has(licence))
}
