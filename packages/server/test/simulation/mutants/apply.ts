import { registerHooks } from "node:module"
import { type Mutant, mutated } from "./mutant.ts"

/**
 * From now on this thread loads the mutant's file with its fault in it: the code on disk has no switches for it. The
 * file must not have been loaded before.
 *
 * @returns throws, when called, unless the file was loaded.
 */
export function apply(mutant: Mutant): () => void {
  const target = new URL(`../../../src/${mutant.file}`, import.meta.url).href
  let loaded = false
  registerHooks({
    load(url, context, nextLoad) {
      const result = nextLoad(url, context)
      if (url !== target) return result
      loaded = true
      const { source } = result
      if (source === undefined || source === null) throw new Error(`${mutant.file} has no source`)
      const text = typeof source === "string" ? source : new TextDecoder().decode(source)
      return { ...result, source: mutated(text, mutant) }
    },
  })
  return () => {
    if (!loaded) throw new Error(`The mutant "${mutant.name}" was not applied: nothing loads ${mutant.file}.`)
  }
}
