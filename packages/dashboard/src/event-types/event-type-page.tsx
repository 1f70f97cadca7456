import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import { useState } from "react"
import { usePathPart } from "../parts/address.ts"
import { Button, buttonClass } from "../parts/button.tsx"
import { Code } from "../parts/code.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { Facts } from "../parts/facts.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { Empty, Failed, Waiting } from "../parts/states.tsx"
import { useMay } from "../session/session.ts"
import { tocsin, told } from "../tocsin.ts"
import { useCatalogue } from "../webhooks/webhook-queries.ts"

const origins = {
  profile: "the workspace's profile",
  workspace: "registered here",
  tocsin: "Tocsin itself: for webhooks that name it",
} as const

export function EventTypePage() {
  const name = usePathPart("name")
  const { data, error, refetch } = useCatalogue()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const mayWrite = useMay("events:write")
  const [deleting, setDeleting] = useState(false)
  const remove = useMutation({
    mutationFn: () => tocsin.eventTypes.delete(name),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["event-types"] })
      navigate({ to: "/event-types" })
    },
  })
  if (error && !data) return <Failed error={error} again={() => refetch()} />
  if (!data) return <Waiting className="h-96" />
  const type = data.find((each) => each.name === name)
  if (!type) {
    return (
      <Empty icon="types" title="There is no such type">
        <Link to="/event-types">See the catalogue</Link>
      </Empty>
    )
  }
  const paths = Object.entries(type.attribute_paths)
  return (
    <>
      <ScreenTitle
        title={<span className="font-mono text-lg">{type.name}</span>}
        name={`${type.name}, event type`}
        above={
          <Link to="/event-types" className="hover:underline">
            Event types
          </Link>
        }
        below={type.description}
        actions={
          <>
            <Link to="/events" search={{ type: name }} className={buttonClass()}>
              Its events
            </Link>
            {type.origin === "workspace" && mayWrite && (
              <Button look="danger" onClick={() => setDeleting(true)}>
                Delete
              </Button>
            )}
          </>
        }
      />
      {deleting && (
        <Dialog
          title="Delete this type?"
          onClose={() => setDeleting(false)}
          footer={
            <>
              <Button onClick={() => setDeleting(false)}>Keep it</Button>
              <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
                Delete type
              </Button>
            </>
          }
        >
          <p className="font-mono text-xs wrap-anywhere">{name}</p>
          <p>Events of this type are refused from then on. Those that were accepted stay as they are.</p>
          {remove.error && (
            <p role="alert" className="text-bad">
              {told(remove.error)}
            </p>
          )}
        </Dialog>
      )}
      <div className="grid gap-4 xl:grid-cols-2">
        <div className="min-w-0 space-y-4">
          <Panel title="Type">
            <Facts
              facts={[
                ["Group", type.group],
                ["Default severity", type.severity ?? "none"],
                ["Origin", origins[type.origin]],
                ...paths.map(([attribute, at]) => [`Filters find ${attribute} in`, at?.join(", then ")] as const),
              ]}
            />
          </Panel>
          <Panel title="Sample of data">
            {type.sample === null ? (
              <p className="text-sm text-muted">None.</p>
            ) : (
              <Code text={JSON.stringify(type.sample)} what="Sample" tall />
            )}
          </Panel>
        </div>
        <Panel title="Schema of data" note="JSON Schema 2020-12">
          {type.schema === null ? (
            <p className="text-sm text-muted">Any object is taken.</p>
          ) : (
            <Code text={JSON.stringify(type.schema)} what="Schema" tall />
          )}
        </Panel>
      </div>
    </>
  )
}
