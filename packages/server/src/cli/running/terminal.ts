/** What a command sees of the world around it. Handed in, so that tests can look over its shoulder. */
export type Surroundings = {
  /** The bytes of standard input, to their end. */
  readInput(): Promise<Buffer>
  readonly inputIsTty: boolean
  out(text: string): void
  err(text: string): void
  /** Whether a person watches standard output. */
  readonly isTty: boolean
  readonly coloured: boolean
  /** Of the terminal; 80 where there is none. */
  readonly columns: number
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** Unix ms. */
  now(): number
}

/** A command's own: it may also say how it came out. */
export type Terminal = Surroundings & {
  /** Sets the exit code to "failed", for what was carried out and came out badly. */
  failed(): void
}

type Streams = {
  readonly stdin: AsyncIterable<Buffer | string> & { readonly isTTY?: boolean | undefined }
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: { write(text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The process's own terminal. @param signal aborted when the process is asked to end. */
export function processTerminal({ stdin, stdout, stderr, env }: Streams, signal: AbortSignal): Surroundings {
  const isTty = stdout.isTTY === true
  return {
    async readInput() {
      const pieces: Buffer[] = []
      for await (const piece of stdin) pieces.push(typeof piece === "string" ? Buffer.from(piece) : piece)
      return Buffer.concat(pieces)
    },
    inputIsTty: stdin.isTTY === true,
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    isTty,
    // no-color.org: any value that is not empty.
    coloured: isTty && !env.NO_COLOR && env.TERM !== "dumb",
    columns: stdout.columns ?? 80,
    environment: env,
    signal,
    now: Date.now,
  }
}
