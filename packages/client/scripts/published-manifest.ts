type Manifest = { readonly [field: string]: unknown }

/**
 * The package.json that is published beside the built files. Inside this repository the exports lead to the sources,
 * which Node runs as they are; it refuses that for what lies in node_modules.
 */
export function publishedManifest({ private: _, scripts: __, ...manifest }: Manifest): Manifest {
  const { exports } = manifest
  if (typeof exports !== "object" || exports === null) throw new Error("package.json has no exports")
  return { ...manifest, exports: Object.fromEntries(Object.entries(exports).map(([name, to]) => [name, built(to)])) }
}

function built(target: unknown): unknown {
  if (target === "./package.json") return target
  const source = typeof target === "string" ? /^\.\/src\/(.+)\.ts$/.exec(target)?.[1] : undefined
  if (source === undefined) throw new Error(`an export leads outside src: ${JSON.stringify(target)}`)
  return { types: `./${source}.d.ts`, default: `./${source}.js` }
}
