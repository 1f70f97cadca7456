import { setFlagsFromString } from "node:v8"

/**
 * How much room a thread has for young objects: V8 would give each as much as the main one, and what dies at once fills
 * whatever there is (docs/decisions/0014).
 *
 * @param youngMiB two halves between which objects are copied, and as much again for what is copied.
 */
export function workerHeap(youngMiB: number): { readonly maxYoungGenerationSizeMb: number } {
  unbindWorkers()
  return { maxYoungGenerationSizeMb: youngMiB }
}

/**
 * `npm start` bounds the main thread's young objects with this option, which would overrule the bound of each worker. The
 * main thread has read it when it began.
 */
function unbindWorkers(): void {
  setFlagsFromString("--max-semi-space-size=0")
}
