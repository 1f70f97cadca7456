import type { Terminal } from "../running/terminal.ts"

/** Shows a result: as JSON to a program, as `human` says to a person. */
export function present(terminal: Terminal, { json }: { readonly json?: boolean }, value: object, human: () => string) {
  terminal.out(json === true ? `${JSON.stringify(value, null, 2)}\n` : human())
}

/** Writes one line of JSON, for what goes on. */
export function line(terminal: Terminal, value: object): void {
  terminal.out(`${JSON.stringify(value)}\n`)
}
