import { useQuery } from "@tanstack/react-query"
import { useMemo, useState } from "react"
import { Badge, type Tone } from "../parts/badge.tsx"
import { Code } from "../parts/code.tsx"
import { inputClass } from "../parts/field.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { Empty, Failed, Waiting } from "../parts/states.tsx"
import { tocsin } from "../tocsin.ts"
import { type Operation, operationsOf } from "./openapi.ts"

const tones: Readonly<Record<string, Tone>> = { GET: "info", POST: "good", PUT: "warn", PATCH: "warn", DELETE: "bad" }

/** The server's own OpenAPI document, readable. */
export function Reference() {
  const { data, error, refetch } = useQuery({
    queryKey: ["openapi"],
    queryFn: ({ signal }) => tocsin.openapi({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const operations = useMemo(() => operationsOf(data), [data])
  const [search, setSearch] = useState("")
  const wanted = search.trim().toLowerCase()
  const found = operations.filter(({ method, path, summary }) =>
    `${method} ${path} ${summary}`.toLowerCase().includes(wanted),
  )
  return (
    <>
      <ScreenTitle
        title="API reference"
        below={
          <>
            Of this server, by this server. For tools:{" "}
            <a href="/openapi.json" className="text-accent underline">
              OpenAPI 3.1
            </a>
            ,{" "}
            <a href="/asyncapi.json" className="text-accent underline">
              AsyncAPI 3.0
            </a>
            ,{" "}
            <a href="/docs/problems" className="text-accent underline">
              every problem
            </a>
            .
          </>
        }
        actions={
          <input
            type="search"
            aria-label="Search the API"
            placeholder="Search paths and summaries"
            className={`${inputClass} w-64`}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        }
      />
      {error && !data ? <Failed error={error} again={() => refetch()} /> : null}
      {!data && !error && <Waiting className="h-96" />}
      {data && found.length === 0 && (
        <Empty icon="reference" title="Nothing fits">
          Search for a part of a path, such as webhooks.
        </Empty>
      )}
      <div className="space-y-4">
        {[...Map.groupBy(found, ({ tag }) => tag)].map(([tag, each]) => (
          <Panel key={tag} flush title={<span className="inline-block first-letter:uppercase">{tag}</span>}>
            <ul className="divide-y divide-line">
              {each.map((operation) => (
                <li key={`${operation.method} ${operation.path}`}>
                  <OperationEntry operation={operation} />
                </li>
              ))}
            </ul>
          </Panel>
        ))}
      </div>
    </>
  )
}

function OperationEntry({ operation }: { operation: Operation }) {
  const [open, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-sm hover:bg-sunken">
        <Badge tone={tones[operation.method] ?? "idle"} className="w-14 justify-center font-mono">
          {operation.method}
        </Badge>
        <code className="min-w-0 font-mono text-xs font-medium wrap-anywhere">{operation.path}</code>
        <span className="ml-auto text-muted max-sm:ml-0">{operation.summary}</span>
      </summary>
      {open && <Particulars operation={operation} />}
    </details>
  )
}

function Particulars({ operation }: { operation: Operation }) {
  return (
    <div className="space-y-4 px-4 pt-3 pb-4 text-sm">
      {operation.description !== "" && <p className="max-w-prose whitespace-pre-line">{operation.description}</p>}
      {operation.parameters.length > 0 && (
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
          {operation.parameters.map(({ name, place, required, about }) => (
            <div key={`${place} ${name}`} className="contents">
              <dt className="font-mono text-xs">
                {name}{" "}
                <span className="text-muted">
                  {place}
                  {required && ", required"}
                </span>
              </dt>
              <dd className="text-muted">{about}</dd>
            </div>
          ))}
        </dl>
      )}
      {operation.body !== null && <Code text={operation.body} what="Schema of the body" />}
      <ul className="space-y-2">
        {operation.answers.map(({ status, about, schema }) => (
          <li key={status}>
            <p>
              <code className="font-mono">{status}</code> <span className="text-muted">{about}</span>
            </p>
            {schema !== null && <Code text={schema} what={`Schema of the answer ${status}`} />}
          </li>
        ))}
      </ul>
    </div>
  )
}
