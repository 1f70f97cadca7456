import Table from "cli-table3"
import type { Row } from "./judging.ts"
import type { Report } from "./story.ts"

/** What `--json` prints. */
export function printable({ seconds, rows, retried, failures }: Report) {
  return {
    ok: failures.length === 0,
    seconds: Math.round(seconds * 10) / 10,
    webhooks: rows.map(({ orderKept, ...row }) => ({ ...row, order_kept: orderKept })),
    retried: retried.map(({ webhook, delivery }) => ({
      webhook,
      delivery: delivery.id,
      event_type: delivery.event_type,
      attempts: delivery.attempts.map(({ at, status_code, error }) => ({
        at,
        status_code,
        error: error?.code ?? null,
      })),
    })),
    failures,
  }
}

/** When each attempt of the retried deliveries was made, and why another had to be. */
export function timelines({ retried }: Report): string {
  return retried
    .map(({ webhook, delivery }) => {
      const firstMs = Date.parse(delivery.attempts[0]?.at ?? delivery.created)
      const lines = delivery.attempts.map(({ number, at, status_code, error }) => {
        const afterSeconds = ((Date.parse(at) - firstMs) / 1000).toFixed(2)
        const outcome = error === null ? "delivered" : `${error.code}: ${error.message}`
        return `  attempt ${number}  after ${afterSeconds.padStart(5)} s  ${status_code ?? "---"}  ${outcome}`
      })
      return `How ${delivery.event_type} (${delivery.id}) reached "${webhook}":\n${lines.join("\n")}\n`
    })
    .join("\n")
}

const columns: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ["Webhook", (row) => row.webhook],
  ["Profile", (row) => row.profile],
  ["Published", (row) => String(row.published)],
  ["Matched", (row) => String(row.matched)],
  ["Delivered", (row) => String(row.delivered)],
  ["Attempts", (row) => String(row.attempts)],
  ["Verified", (row) => String(row.verified)],
  ["In order", (row) => (row.orderKept === null ? "not asked" : row.orderKept ? "yes" : "NO")],
]

export function summary({ rows }: Report, coloured: boolean): string {
  const table = new Table({
    head: columns.map(([title]) => title),
    colAligns: columns.map((_, index) => (index < 2 ? "left" : "right")),
    style: coloured ? { head: ["bold"], border: ["grey"] } : { head: [], border: [] },
  })
  table.push(...rows.map((row) => columns.map(([, cell]) => cell(row))))
  return table.toString()
}
