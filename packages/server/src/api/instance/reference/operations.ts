import { type Html, html, prose } from "./html.ts"
import { fields, list, rowsOf, text, typeOf } from "./schema-rows.ts"

/** A part of the reference: what it is about, and its operations as HTML. */
export type Section = { readonly id: string; readonly name: string; readonly content: Html }

/** The OpenAPI document for people: a section for each of its tags, what receivers get among them. */
export function sectionsOf(document: unknown): Section[] {
  const { paths, webhooks, tags } = fields(document)
  const operations = [...operationsOf(paths), ...operationsOf(webhooks)]
  const about = new Map(list(tags).map((tag) => [text(fields(tag).name), text(fields(tag).description)]))
  const byTag = Map.groupBy(operations, ({ operation }) => text(list(operation.tags)[0]) || "other")
  // In the document's own order of tags; those that it does not tell of after them.
  const names = [...[...about.keys()].filter((name) => byTag.has(name)), ...byTag.keys()]
  return [...new Set(names)].map((name) => {
    const id = name.replaceAll(" ", "-")
    const shown = (byTag.get(name) ?? []).map(shownOperation)
    const content = html`<h2 id="${id}">${name}</h2><p class="muted">${about.get(name) ?? ""}</p>${shown}`
    return { id, name: name.charAt(0).toUpperCase() + name.slice(1), content }
  })
}

type Operation = { readonly method: string; readonly path: string; readonly operation: ReturnType<typeof fields> }

function operationsOf(paths: unknown): Operation[] {
  return Object.entries(fields(paths)).flatMap(([path, methods]) =>
    Object.entries(fields(methods)).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: fields(operation),
    })),
  )
}

function shownOperation({ method, path, operation }: Operation): Html {
  const description = text(operation.description)
  // The anchor is inside, since browsers open what holds the place that they are led to.
  return html`<details><summary><code class="method">${method}</code><code>${path}</code><span class="muted">${text(operation.summary)}</span></summary><div class="open" id="${text(operation.operationId)}">${description
    .split("\n\n")
    .filter((paragraph) => paragraph !== "")
    .map(
      (paragraph) => html`<p>${prose(paragraph)}</p>`,
    )}${parameters(operation)}${body(operation)}${answers(operation)}</div></details>`
}

function parameters(operation: Operation["operation"]): Html {
  const rows = list(operation.parameters)
    .map(fields)
    .map(({ name, in: place, required, schema, description }) => ({
      field: text(name),
      type: [text(place), typeOf(schema)].join(": "),
      required: required === true,
      about: text(description),
    }))
  return rows.length === 0 ? html`` : html`<h3>Parameters</h3>${table(rows)}`
}

function body(operation: Operation["operation"]): Html {
  const content = Object.entries(fields(fields(operation.requestBody).content))
  return html`${content.map(([type, media]) => {
    const { schema, example } = fields(media)
    const shown = example === undefined ? html`` : html`<h3>Example</h3><pre>${JSON.stringify(example, null, 2)}</pre>`
    return html`<h3>Body, <code>${type}</code></h3>${table(rowsOf(schema))}${shown}`
  })}`
}

function answers(operation: Operation["operation"]): Html {
  return html`<h3>Answers</h3>${Object.entries(fields(operation.responses)).map(([status, answer]) => {
    const about = text(fields(answer).description).replace("Default Response", "")
    const [type = "", media] = Object.entries(fields(fields(answer).content))[0] ?? []
    // Every problem has the same members: /docs/problems tells of them.
    const rows = type === "application/problem+json" ? [] : rowsOf(fields(media).schema)
    return html`<p><code>${status}</code> ${prose(about)}</p>${rows.length === 0 ? html`` : table(rows)}`
  })}`
}

function table(rows: ReturnType<typeof rowsOf>): Html {
  const lines = rows.map(
    ({ field, type, required, about }) =>
      html`<tr><td><code>${field}</code>${required ? html` <span class="muted">required</span>` : html``}</td><td>${type}</td><td>${prose(about)}</td></tr>`,
  )
  return html`<div class="wide"><table><thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${lines}</tbody></table></div>`
}
