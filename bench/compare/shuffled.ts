import type { SeededRandom } from "../../packages/server/test/simulation/seeded-random.ts"

/** Every order is as likely as any other (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], random: Pick<SeededRandom, "below">): readonly Item[] {
  const left = [...items]
  return items.flatMap(() => left.splice(random.below(left.length), 1))
}
