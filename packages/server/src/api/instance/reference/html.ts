import { createHash } from "node:crypto"

/** Text that is HTML already: what `html` makes, so that nothing is escaped twice or not at all. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Insertable = Html | string | readonly Html[]

/** Everything put in is escaped, but what is HTML itself. */
export function html(pieces: TemplateStringsArray, ...inserted: readonly Insertable[]): Html {
  return new Html(pieces.map((piece, at) => (at === 0 ? "" : inHtml(inserted[at - 1] ?? "")) + piece).join(""))
}

function inHtml(value: Insertable): string {
  if (value instanceof Html) return value.text
  if (typeof value === "string") return escaped(value)
  return value.map(({ text }) => text).join("")
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
}

/** Escaped, and what stands between backticks as code. */
export function prose(text: string): Html {
  return new Html(escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>"))
}

/** The quiet greys and the violet of the dashboard, light or dark as the reader has it. */
const style = `
:root{color-scheme:light dark;--ink:light-dark(#16181d,#e8eaf0);--muted:light-dark(#565d6b,#a3abba);--line:light-dark(#e2e5eb,#2b303b);--ground:light-dark(#fff,#14161b);--sunken:light-dark(#f3f4f7,#1c1f26);--accent:light-dark(#4437b8,#aba3ff)}
*{box-sizing:border-box}
body{margin:0;font:15px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--ground);display:grid;grid-template-columns:16rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow-y:auto;padding:1.5rem 1rem;border-right:1px solid var(--line);font-size:14px}
nav strong{display:block;margin:0 .5rem 1rem}
nav a{display:block;padding:.25rem .5rem;border-radius:.375rem;color:inherit;text-decoration:none}
nav a:hover{background:var(--sunken)}
main{padding:2rem clamp(1rem,4vw,3rem) 6rem;max-width:64rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.2rem;margin:2.5rem 0 .25rem;scroll-margin-top:1rem}
h2::first-letter{text-transform:uppercase}
h3{font-size:.85rem;margin:1.25rem 0 .25rem}
a{color:var(--accent)}
p{margin:.5rem 0;max-width:44rem}
.muted{color:var(--muted)}
code{font:.87em/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
details{border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0}
summary{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline;padding:.5rem .75rem;cursor:pointer}
summary:hover{background:var(--sunken)}
summary .muted{margin-left:auto}
.method{min-width:4rem;font-weight:600;color:var(--accent)}
.open{padding:.25rem .75rem 1rem;border-top:1px solid var(--line);scroll-margin-top:4rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--muted)}
pre{margin:.25rem 0;padding:.75rem;overflow-x:auto;background:var(--sunken);border-radius:.375rem}
dt{margin-top:1rem;scroll-margin-top:1rem}
dd{margin:0;color:var(--muted)}
@media(max-width:48rem){body{display:block}nav{position:static;height:auto;border:0;border-bottom:1px solid var(--line)}nav a{display:inline-block}summary .muted{margin-left:0;width:100%}}
`

/** No script and nothing from elsewhere: the one style is named by its hash. */
export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; frame-ancestors 'none'`,
  "x-content-type-options": "nosniff",
}

/** @param places anchors of the page, for its side. */
export function page(title: string, places: readonly { readonly id: string; readonly name: string }[], content: Html) {
  const links = places.map(({ id, name }) => html`<a href="#${id}">${name}</a>`)
  return html`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${new Html(style)}</style><nav aria-label="Sections"><strong>Tocsin</strong>${links}</nav><main>${content}</main></html>`
    .text
}
