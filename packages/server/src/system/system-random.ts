import { randomFillSync } from "node:crypto"
import type { Random } from "../ports/random.ts"

// Drawn in bulk: a call into the operating system per id would cost more than the rest of accepting an event.
const pool = Buffer.alloc(8_192)
let at = pool.length

function draw(count: number): Buffer {
  if (count > pool.length) return randomFillSync(Buffer.alloc(count))
  if (at + count > pool.length) {
    randomFillSync(pool)
    at = 0
  }
  const drawn = Buffer.from(pool.subarray(at, at + count))
  // Secrets must not linger where they were drawn from.
  pool.fill(0, at, at + count)
  at += count
  return drawn
}

export const systemRandom: Random = {
  fraction: Math.random,
  bytes: draw,
}
