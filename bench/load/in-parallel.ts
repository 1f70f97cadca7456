/**
 * Works through `all` in batches of `each`, so many batches at once: the next begins as soon as one is done.
 * @throws what one of them threw
 */
export async function inParallel(
  { all, each, atOnce }: { readonly all: number; readonly each: number; readonly atOnce: number },
  work: (from: number, count: number) => Promise<void>,
): Promise<void> {
  let begun = 0
  const run = async () => {
    while (begun < all) {
      const from = begun
      const count = Math.min(each, all - from)
      begun += count
      await work(from, count)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, run))
}
