import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { DeliveryStatus, NewReplay, Replay, Webhook } from "@tocsin/client"
import { type FormEvent, useState } from "react"
import { useAddress } from "../parts/address.ts"
import { Badge } from "../parts/badge.tsx"
import { Button } from "../parts/button.tsx"
import { Facts } from "../parts/facts.tsx"
import { SelectField, TextField, Toggle } from "../parts/field.tsx"
import { count } from "../parts/figures.ts"
import { instantOf, localTime } from "../parts/local-time.ts"
import { Panel } from "../parts/panel.tsx"
import { Failed, Notice } from "../parts/states.tsx"
import { Time } from "../parts/time.tsx"
import { useMay } from "../session/session.ts"
import { flawsAt, tocsin, told } from "../tocsin.ts"

const kinds: readonly (readonly [id: string, text: string, statuses: readonly DeliveryStatus[]])[] = [
  ["all", "All events of that time", []],
  ["failed", "Those given up: exhausted or expired", ["exhausted", "expired"]],
  ["cancelled", "Those cancelled", ["cancelled"]],
  ["delivered", "Those delivered before", ["delivered"]],
]

/** Delivers past events again: a job with progress, whose id stays in the address. */
export function ReplayTab({ webhook }: { webhook: Webhook }) {
  const mayWrite = useMay("deliveries:write")
  const [{ replay: id }, setAddress] = useAddress()
  const [onlyMissing, setOnlyMissing] = useState(false)
  const [hours] = useState(() => ({ from: localTime(Date.now() - 3_600_000), to: localTime(Date.now() + 60_000) }))
  const start = useMutation({
    mutationFn: (replay: NewReplay) => tocsin.webhooks.replay(webhook.id, replay),
    onSuccess: (replay) => setAddress({ replay: replay.id }),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const statuses = kinds.find(([kind]) => kind === form.get("which"))?.[2] ?? []
    start.mutate({
      from: instantOf(String(form.get("from"))) ?? "",
      to: instantOf(String(form.get("to"))) ?? "",
      only_missing: onlyMissing,
      ...(statuses.length > 0 && { statuses }),
    })
  }
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <Panel title="Replay past events" note="Each keeps its id and its body; order and rate limit hold">
        <form onSubmit={submit} className="space-y-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              label="From"
              name="from"
              type="datetime-local"
              step="1"
              defaultValue={hours.from}
              flaws={flawsAt(start.error, "/from")}
            />
            <TextField
              label="To"
              name="to"
              type="datetime-local"
              step="1"
              defaultValue={hours.to}
              flaws={flawsAt(start.error, "/to")}
            />
          </div>
          <SelectField label="Which" name="which" defaultValue="failed">
            {kinds.map(([kind, text]) => (
              <option key={kind} value={kind}>
                {text}
              </option>
            ))}
          </SelectField>
          <Toggle
            label="Only what never arrived"
            hint="Leaves out events that this webhook has accepted once, by whichever delivery"
            checked={onlyMissing}
            onChange={setOnlyMissing}
          />
          <Button look="primary" type="submit" disabled={!mayWrite} busy={start.isPending}>
            Start replay
          </Button>
          {start.error && <p className="text-sm text-bad">{told(start.error)}</p>}
        </form>
      </Panel>
      {id !== undefined && <Progress id={id} />}
    </div>
  )
}

function Progress({ id }: { id: string }) {
  const queries = useQueryClient()
  const { data, error } = useQuery({
    queryKey: ["replay", id],
    queryFn: ({ signal }) => tocsin.replays.get(id, { signal }),
    refetchInterval: ({ state }) => (state.data?.state === "running" ? 700 : false),
  })
  const cancel = useMutation({
    mutationFn: () => tocsin.replays.cancel(id),
    onSuccess: (replay) => queries.setQueryData(["replay", id], replay),
  })
  if (error && !data) return <Failed error={error} />
  if (!data) return <Panel className="min-h-64">{null}</Panel>
  return (
    <Panel
      title="Progress"
      actions={
        data.state === "running" && (
          <Button small busy={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel replay
          </Button>
        )
      }
    >
      <div className="space-y-4">
        <Bar replay={data} />
        <Facts
          facts={[
            ["State", <StateBadge key="state" state={data.state} />],
            ["Deliveries made", count(data.progress.enqueued)],
            ["From", <Time key="from" at={data.from} form="full" />],
            ["To", <Time key="to" at={data.to} form="full" />],
            [
              "Job",
              <code key="id" className="font-mono text-xs">
                {data.id}
              </code>,
            ],
          ]}
        />
        {data.state === "completed" && data.progress.enqueued === 0 && (
          <Notice tone="info" title="No event fitted">
            Widen the time, or choose all events.
          </Notice>
        )}
      </div>
    </Panel>
  )
}

function StateBadge({ state }: { state: Replay["state"] }) {
  if (state === "running") return <Badge tone="info">Running</Badge>
  return state === "completed" ? <Badge tone="good">Completed</Badge> : <Badge tone="idle">Cancelled</Badge>
}

function Bar({ replay }: { replay: Replay }) {
  const { share } = replay.progress
  return (
    <div>
      <div className="mb-1 flex justify-between text-xs text-muted">
        <span>{count(replay.progress.examined)} events looked at</span>
        <span className="tabular-nums">{Math.floor(share * 100)} %</span>
      </div>
      <progress aria-label="Replay" value={share} max={1} className={progressClass} />
    </div>
  )
}

const progressClass =
  "block h-2 w-full appearance-none overflow-hidden rounded-full bg-idle-ground [&::-moz-progress-bar]:bg-solid [&::-webkit-progress-bar]:bg-idle-ground [&::-webkit-progress-value]:bg-solid [&::-webkit-progress-value]:transition-[width]"
