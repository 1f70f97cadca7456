import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { NewEventType } from "@tocsin/client"
import { type FormEvent, useState } from "react"
import { Badge } from "../parts/badge.tsx"
import { Button } from "../parts/button.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { TextAreaField, TextField } from "../parts/field.tsx"
import { Icon } from "../parts/icons.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { Failed, Waiting } from "../parts/states.tsx"
import { SeverityBadge } from "../parts/status-badges.tsx"
import { useMay } from "../session/session.ts"
import { flawsAt, tocsin, told } from "../tocsin.ts"
import { useCatalogue } from "../webhooks/webhook-queries.ts"
import { objectOf } from "./json-object.ts"

export function EventTypeList() {
  const { data, error, refetch } = useCatalogue()
  const mayWrite = useMay("events:write")
  const [adding, setAdding] = useState(false)
  return (
    <>
      <ScreenTitle
        title="Event types"
        below="The catalogue: the profile's types and this workspace's own"
        actions={
          mayWrite && (
            <Button look="primary" onClick={() => setAdding(true)}>
              <Icon name="plus" />
              Register a type
            </Button>
          )
        }
      />
      {error && !data ? <Failed error={error} again={() => refetch()} /> : null}
      {!data && !error && <Waiting className="h-96" />}
      <div className="space-y-4">
        {[...Map.groupBy(data ?? [], ({ group }) => group)]
          .toSorted(([a], [b]) => a.localeCompare(b))
          .map(([group, types]) => (
            <Panel key={group} flush title={group} note={types.length === 1 ? "1 type" : `${types.length} types`}>
              <ul className="divide-y divide-line">
                {types.map((type) => (
                  <li
                    key={type.name}
                    className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 hover:bg-sunken"
                  >
                    <Link
                      to="/event-types/$name"
                      params={{ name: type.name }}
                      className="min-w-0 basis-72 font-mono text-xs font-medium after:absolute after:inset-0"
                    >
                      {type.name}
                    </Link>
                    <span className="min-w-0 flex-1 basis-60 text-sm text-muted">{type.description}</span>
                    {type.severity !== null && <SeverityBadge severity={type.severity} />}
                    {type.origin === "workspace" && <Badge tone="info">own</Badge>}
                  </li>
                ))}
              </ul>
            </Panel>
          ))}
      </div>
      {adding && <AddType onClose={() => setAdding(false)} />}
    </>
  )
}

function AddType({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [notObjects, setNotObjects] = useState<readonly string[]>([])
  const add = useMutation({
    mutationFn: (type: NewEventType) => tocsin.eventTypes.create(type),
    onSuccess() {
      queries.invalidateQueries({ queryKey: ["event-types"] })
      onClose()
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name) ?? "").trim()
    const object = (name: string) => (text(name) === "" ? null : objectOf(text(name)))
    const [sample, schema] = [object("sample"), object("schema")]
    setNotObjects([...(sample === undefined ? ["sample"] : []), ...(schema === undefined ? ["schema"] : [])])
    if (sample === undefined || schema === undefined) return
    add.mutate({
      name: text("name"),
      description: text("description"),
      ...(text("group") !== "" && { group: text("group") }),
      ...(text("severity") !== "" && { severity: text("severity") }),
      sample,
      schema,
    })
  }
  const flaws = (name: string) => [
    ...(notObjects.includes(name) ? ["must be a JSON object"] : []),
    ...flawsAt(add.error, `/${name}`),
  ]
  return (
    <Dialog title="Register a type" onClose={onClose}>
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label="Name"
          name="name"
          placeholder="invoice.paid"
          hint="Words of a-z, 0-9 and _ joined by dots"
          flaws={flawsAt(add.error, "/name")}
        />
        <TextField label="Description" name="description" flaws={flawsAt(add.error, "/description")} />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Group"
            name="group"
            placeholder="The name's first word"
            flaws={flawsAt(add.error, "/group")}
          />
          <TextField label="Severity" name="severity" flaws={flawsAt(add.error, "/severity")} />
        </div>
        <TextAreaField
          label="Sample of data"
          name="sample"
          rows={5}
          hint="A JSON object; test events send it"
          flaws={flaws("sample")}
        />
        <TextAreaField
          label="Schema of data"
          name="schema"
          rows={5}
          hint="JSON Schema 2020-12, which each event's data is held to. Left empty: any object is taken."
          flaws={flaws("schema")}
        />
        {add.error && (
          <p role="alert" className="text-bad">
            {told(add.error)}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={add.isPending}>
            Register
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
