/**
 * Control characters and those that turn the direction of writing. Receivers, publishers and customers write what is
 * shown here, and a terminal obeys escape sequences: one could clear the screen, or make a line say the opposite.
 */
const harmful = /[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
const harmfulButLines = /(?![\n\t])[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Text of several lines, with what a terminal would obey made visible. */
export function safeText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(harmfulButLines, visible)
}

/** Text for one line or one cell. */
export function safeLine(text: string): string {
  return text.replace(harmful, visible)
}

function visible(character: string): string {
  if (character === "\n") return "\\n"
  if (character === "\r") return "\\r"
  if (character === "\t") return "\\t"
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
