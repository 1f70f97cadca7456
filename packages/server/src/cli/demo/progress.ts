import { Listr } from "listr2"

/** `progress` redraws a terminal; `lines` is for files and pipes. */
export type Show = "progress" | "lines" | "nothing"

/** Runs one step of the story and shows it. `say` replaces its title, for what is known only later. */
export type Step = <Result>(title: string, run: (say: (title: string) => void) => Promise<Result>) => Promise<Result>

const rendererOf = { progress: "default", lines: "simple", nothing: "silent" } as const

/** A list of one task for each step, so that the story reads from top to bottom with its values handed on. */
export function steps(show: Show): Step {
  return async (title, run) => {
    let finish: (() => Awaited<ReturnType<typeof run>>) | null = null
    await new Listr(
      [
        {
          title,
          task: async (_context, task) => {
            const result = await run((said) => {
              task.title = said
            })
            finish = () => result
          },
        },
      ],
      // The demo listens for signals itself: it must tidy up first.
      { renderer: rendererOf[show], registerSignalListeners: false },
    ).run()
    return done(finish)
  }
}

function done<Result>(finish: (() => Result) | null): Result {
  if (finish === null) throw new Error("a step ended without its result")
  return finish()
}
