/**
 * For threads whose work is over in milliseconds: V8 would give each as much room for young objects as the main one has,
 * and they would fill it with garbage (docs/decisions/0013).
 */
export const workerHeap = { maxYoungGenerationSizeMb: 12 } as const
