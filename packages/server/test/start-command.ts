import manifest from "../../../package.json" with { type: "json" }

const [, ...words] = manifest.scripts.start.split(" ").slice(1)

/** What `npm start` gives Node itself, so that nothing is tested or measured that runs in another way. */
export const startFlags: readonly string[] = words.filter((word) => word.startsWith("--"))

/** What it runs, below the repository's folder. */
export const startProgram = words.at(-1) ?? ""
