import { plotStyle } from "./colours.ts"

/** Text inside an element or an attribute. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
}

/** A coordinate: a tenth of a pixel is finer than any screen. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}

export function text(
  x: number,
  y: number,
  content: string,
  options: { anchor?: "end" | "middle"; as?: string } = {},
): string {
  const anchor = options.anchor ? ` text-anchor="${options.anchor}"` : ""
  const as = options.as ? ` class="${options.as}"` : ""
  return `<text x="${px(x)}" y="${px(y)}"${anchor}${as}>${escaped(content)}</text>`
}

export function line(x1: number, y1: number, x2: number, y2: number, as: string): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" class="${as}"/>`
}

/** @param described what the plot says, for those who do not see it. */
export function document(width: number, height: number, described: string, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(described)}</title>`,
    `<style>${plotStyle}</style>`,
    `<rect width="${width}" height="${height}" rx="6" class="ground"/>`,
    ...content,
    "</svg>",
    "",
  ].join("\n")
}
