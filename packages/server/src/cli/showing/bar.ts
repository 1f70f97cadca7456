import { Listr } from "listr2"
import type { Terminal } from "../running/terminal.ts"

const barMax = 40

/** What is counted, in words. */
export type Figures = (done: number, total: number) => string

const inRecords: Figures = (done, total) => `${done} of ${total} records`

/** How far a long work is, in a line. */
export function barText(done: number, total: number, columns: number, figuresOf = inRecords): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const figures = figuresOf(done, Math.max(done, total))
  const width = Math.max(10, Math.min(barMax, columns - figures.length - 12))
  const filled = Math.round(share * width)
  return `${"█".repeat(filled)}${"░".repeat(width - filled)} ${String(Math.floor(share * 100)).padStart(3)} %  ${figures}`
}

export type Say = (done: number, total: number) => void

/** Does something long, with a bar for whoever watches. */
export async function withBar<Result>(
  terminal: Terminal,
  { json }: { readonly json?: boolean },
  title: string,
  work: (say: Say) => Promise<Result>,
  figures: Figures = inRecords,
): Promise<Result> {
  // A terminal that knows no width (as `script` and `docker exec --tty` make them) gives each letter a line.
  if (json === true || !terminal.isTty || terminal.columns === 0) return work(() => {})
  const finished = Promise.withResolvers<Result>()
  // Told by the list too; this only hands the result on.
  finished.promise.catch(() => {})
  await new Listr(
    [
      {
        title,
        task: async (_context, task) => {
          const result = await work((done, total) => {
            task.title = `${title}\n${barText(done, total, terminal.columns, figures)}`
          })
          finished.resolve(result)
        },
      },
    ],
    { registerSignalListeners: false },
  ).run()
  return finished.promise
}
