import manifest from "../../../package.json" with { type: "json" }

const words = manifest.scripts.start.split(" ")
const assignment = /^([A-Z_]+)=(.*)$/

/** What `npm start` gives the process and Node itself, so that nothing is tested or measured that runs in another way. */
export const startEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  words.flatMap((word) => {
    const [, name, value] = assignment.exec(word) ?? []
    return name === undefined || value === undefined ? [] : [[name, value]]
  }),
)
export const startFlags: readonly string[] = words.filter((word) => word.startsWith("--"))

/** What it runs, below the repository's folder. */
export const startProgram = words.at(-1) ?? ""
