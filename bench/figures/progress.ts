/** What is going on, on standard error: one line that is overwritten in a terminal, a line each elsewhere. */
export type Progress = { say(line: string): void; end(): void }

export function progress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let width = 0
  const write = (text: string) => stream.write(text)
  return {
    say(line) {
      if (!stream.isTTY) return void write(`${line}\n`)
      const shown = line.slice(0, (stream.columns ?? 80) - 1)
      write(`\r${shown.padEnd(width)}`)
      width = shown.length
    },
    end() {
      if (stream.isTTY && width > 0) write(`\r${" ".repeat(width)}\r`)
      width = 0
    },
  }
}
