import type { Ordering } from "@tocsin/client"
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react"
import { Button } from "../parts/button.tsx"
import { Field, Flaws, inputClass, SelectField, TextField, Toggle } from "../parts/field.tsx"
import { Icon } from "../parts/icons.tsx"
import { Panel } from "../parts/panel.tsx"
import { Failed, Waiting } from "../parts/states.tsx"
import { useSession } from "../session/session.ts"
import { flawsAt, told } from "../tocsin.ts"
import { EventPicker } from "./event-picker.tsx"
import { SchedulePicture } from "./schedule-picture.tsx"
import type { SecurityDraft } from "./security-draft.ts"
import { AuthorizationFields, TlsFields } from "./security-fields.tsx"
import type { Draft } from "./webhook-draft.ts"
import { useCatalogue } from "./webhook-queries.ts"

const orderings: readonly (readonly [Ordering, string])[] = [
  ["strict", "Strict: one at a time, in order"],
  ["by_key", "By key: in order for each resource"],
  ["none", "None: in parallel"],
]

/** Settings of a webhook, new or known. What the server refuses is said at the field that it points to. */
export function WebhookForm({
  start,
  isNew,
  error,
  busy,
  onSubmit,
  cancel,
}: {
  start: Draft
  isNew: boolean
  error: unknown
  busy: boolean
  onSubmit: (draft: Draft) => void
  cancel: ReactNode
}) {
  const { profile } = useSession()
  const catalogue = useCatalogue()
  const [draft, setDraft] = useState(start)
  const form = useRef<HTMLFormElement>(null)
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }))
  const setSecurity = (change: Partial<SecurityDraft>) =>
    setDraft((before) => ({ ...before, security: { ...before.security, ...change } }))
  const typed = (name: keyof Draft) => ({
    value: String(draft[name]),
    onChange: (event: { target: { value: string } }) => set({ [name]: event.target.value }),
  })
  const flaws = (pointer: string) => flawsAt(error, pointer)
  // The first field at fault, wherever it is on this long page.
  useEffect(() => {
    if (!error) return
    const flawed = form.current?.querySelector<HTMLElement>("[aria-invalid='true'], [data-flaw]")
    flawed?.scrollIntoView({ block: "center" })
    flawed?.focus({ preventScroll: true })
  }, [error])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit(draft)
  }
  if (catalogue.error) return <Failed error={catalogue.error} again={() => catalogue.refetch()} />
  if (!catalogue.data) return <Waiting className="h-96" />
  return (
    <form ref={form} onSubmit={submit} noValidate className="grid gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="min-w-0 space-y-4">
        <Panel title="Endpoint">
          <div className="space-y-4">
            <TextField
              label="URL"
              type="url"
              inputMode="url"
              placeholder="https://your-app.com/webhooks"
              hint={`HTTPS, reachable from the internet. It has ${draft.timeoutSeconds} s to answer with ${profile.success_rule}.`}
              flaws={flaws("/url")}
              {...typed("url")}
            />
            <TextField label="Description" flaws={flaws("/description")} {...typed("description")} />
            {isNew && (
              <TextField
                label="Secret"
                placeholder={profile.secret === "required" ? "" : "Left empty: generated and shown once"}
                hint={`Signs each delivery (${profile.signature_header}). 8 to 256 printable characters.`}
                flaws={flaws("/secret")}
                {...typed("secret")}
              />
            )}
            {isNew && (
              <Button small onClick={() => set({ secret: randomSecret() })}>
                Generate a secret
              </Button>
            )}
            <Toggle
              label="Enable Verification"
              hint="Sends a test payload when this is saved. Until the endpoint accepts one, its deliveries are held."
              checked={draft.verification}
              onChange={(verification) => set({ verification })}
            />
            <Flaws flaws={flaws("/verification")} />
          </div>
        </Panel>
        <Panel title="What to send">
          <EventPicker
            catalogue={catalogue.data}
            chosen={draft.events}
            onChange={(events) => set({ events })}
            flaws={flaws("/events")}
          />
        </Panel>
      </div>
      <div className="min-w-0 space-y-4">
        <Panel title="Filters" note="Values separated by commas; empty lets everything through">
          <div className="space-y-4">
            <TextField
              label="Severity"
              placeholder="HIGH, CRITICAL"
              flaws={flaws("/filters/severity")}
              {...typed("severity")}
            />
            <TextField
              label="Environments"
              placeholder="production"
              flaws={flaws("/filters/environments")}
              {...typed("environments")}
            />
            <TextField
              label="Cloud providers"
              placeholder="aws, azure"
              flaws={flaws("/filters/cloud_providers")}
              {...typed("cloudProviders")}
            />
            <p className="text-xs text-muted">
              All filters must pass. Types that do not carry an attribute pass its filter.
            </p>
          </div>
        </Panel>
        <Panel title="Retries">
          <div className="space-y-3">
            <div className="grid gap-3 sm:grid-cols-3">
              <TextField
                label="Attempts"
                inputMode="numeric"
                flaws={flaws("/retry_config/max_attempts")}
                {...typed("maxAttempts")}
              />
              <TextField
                label="First delay (s)"
                inputMode="decimal"
                flaws={flaws("/retry_config/initial_delay_seconds")}
                {...typed("initialDelaySeconds")}
              />
              <TextField
                label="Multiplier"
                inputMode="decimal"
                flaws={flaws("/retry_config/backoff_multiplier")}
                {...typed("backoffMultiplier")}
              />
            </div>
            <SchedulePicture
              max_attempts={bounded(draft.maxAttempts, 1, 20)}
              initial_delay_seconds={bounded(draft.initialDelaySeconds, 1, 3600)}
              backoff_multiplier={bounded(draft.backoffMultiplier, 1, 10)}
            />
          </div>
        </Panel>
        <Panel title="Delivery">
          <div className="grid gap-4 sm:grid-cols-2">
            <SelectField
              label="Ordering"
              flaws={flaws("/ordering")}
              value={draft.ordering}
              onChange={(event) =>
                set({ ordering: orderings.find(([name]) => name === event.target.value)?.[0] ?? draft.ordering })
              }
            >
              {orderings.map(([name, text]) => (
                <option key={name} value={name}>
                  {text}
                </option>
              ))}
            </SelectField>
            <TextField
              label="Timeout (s)"
              inputMode="decimal"
              hint={`At most ${profile.timeout_seconds.max} s`}
              flaws={flaws("/timeout_seconds")}
              {...typed("timeoutSeconds")}
            />
            <TextField
              label="Rate limit: requests"
              inputMode="numeric"
              placeholder="none"
              flaws={flaws("/rate_limit")}
              {...typed("rateRequests")}
            />
            <TextField label="… in so many seconds" inputMode="numeric" {...typed("ratePerSeconds")} />
          </div>
        </Panel>
        <Panel title="Headers" note="Sent with each delivery; credentials are masked later">
          <HeaderRows draft={draft} set={set} flaws={flaws("/headers")} />
        </Panel>
        <AuthorizationFields draft={draft.security} set={setSecurity} error={error} />
        <TlsFields draft={draft.security} set={setSecurity} error={error} />
      </div>
      <footer className="sticky bottom-0 z-10 flex flex-wrap items-center justify-end gap-2 border-t border-line bg-ground py-3 xl:col-span-2">
        <p role="alert" className="mr-auto text-sm font-medium text-bad">
          {error ? told(error) : ""}
        </p>
        {cancel}
        <Button look="primary" type="submit" busy={busy}>
          {isNew ? "Add Webhook" : "Save changes"}
        </Button>
      </footer>
    </form>
  )
}

function HeaderRows({
  draft,
  set,
  flaws,
}: {
  draft: Draft
  set: (change: Partial<Draft>) => void
  flaws: readonly string[]
}) {
  const change = (id: number, part: { name?: string; value?: string }) =>
    set({ headers: draft.headers.map((header) => (header.id === id ? { ...header, ...part } : header)) })
  return (
    <div className="space-y-2">
      {draft.headers.map(({ id, name, value }, at) => (
        <div key={id} className="grid grid-cols-[1fr_1fr_auto] items-end gap-2">
          <Field label={`Header ${at + 1}`}>
            {(ids) => (
              <input
                {...ids}
                className={inputClass}
                placeholder="X-Custom-Header"
                value={name}
                onChange={(event) => change(id, { name: event.target.value })}
              />
            )}
          </Field>
          <Field label="Value">
            {(ids) => (
              <input
                {...ids}
                className={inputClass}
                value={value}
                onChange={(event) => change(id, { value: event.target.value })}
              />
            )}
          </Field>
          <Button
            look="quiet"
            aria-label={`Remove header ${at + 1}`}
            className="mb-1"
            onClick={() => set({ headers: draft.headers.filter((header) => header.id !== id) })}
          >
            <Icon name="cross" />
          </Button>
        </div>
      ))}
      <Flaws flaws={flaws} />
      <Button
        small
        onClick={() =>
          set({
            headers: [
              ...draft.headers,
              { id: 1 + Math.max(-1, ...draft.headers.map(({ id }) => id)), name: "", value: "" },
            ],
          })
        }
      >
        <Icon name="plus" /> Add header
      </Button>
    </div>
  )
}

/** What the picture draws while something else is being typed. */
function bounded(text: string, min: number, max: number): number {
  const value = Number(text)
  return Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : min
}

function randomSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return `whsec_${btoa(String.fromCharCode(...bytes))}`
}
