/**
 * Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`: the parts of documents that benchmarks write.
 * @throws Error when the text has no such section.
 */
export function withSection(document: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = document.indexOf(open)
  const to = document.indexOf(close, from)
  if (from === -1 || to === -1) throw new Error(`the document has no section ${open} … ${close}`)
  return `${document.slice(0, from + open.length)}\n\n${content.trim()}\n\n${document.slice(to)}`
}
