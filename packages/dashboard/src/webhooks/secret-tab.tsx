import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { RotatedSecret, Webhook } from "@tocsin/client"
import { type FormEvent, useRef, useState } from "react"
import { Button } from "../parts/button.tsx"
import { Code } from "../parts/code.tsx"
import { SelectField, TextField } from "../parts/field.tsx"
import { Panel } from "../parts/panel.tsx"
import { Notice } from "../parts/states.tsx"
import { duration, Time, useNow } from "../parts/time.tsx"
import { useMay, useSession } from "../session/session.ts"
import { flawsAt, tocsin, told } from "../tocsin.ts"
import { SecretOnce } from "./secret-once.tsx"

const overlaps = [
  [0, "None: the old one ends now"],
  [3_600, "1 hour"],
  [86_400, "24 hours"],
  [604_800, "7 days"],
] as const

export function SecretTab({ webhook }: { webhook: Webhook }) {
  const mayWrite = useMay("webhooks:write")
  const [rotations, setRotations] = useState(0)
  if (!mayWrite) return <Notice tone="info" title="This key may not see secrets: it lacks webhooks:write" />
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      {/* What was revealed is the present secret no more once it is rotated. */}
      <Reveal key={rotations} webhook={webhook} />
      <Rotate webhook={webhook} onRotated={() => setRotations(rotations + 1)} />
    </div>
  )
}

/** Kept in the screen's memory only, and gone with it. */
function Reveal({ webhook }: { webhook: Webhook }) {
  const reveal = useMutation({ mutationFn: () => tocsin.webhooks.secret(webhook.id), gcTime: 0 })
  const secret = reveal.data
  return (
    <Panel title="Present secret">
      <div className="space-y-3 text-sm">
        {secret ? (
          <>
            <Code text={secret.secret} what="Secret" />
            {secret.previous && (
              <>
                <Code text={secret.previous.secret} what="Previous secret" />
                <Countdown until={secret.previous.valid_until} />
              </>
            )}
            <Button onClick={() => reveal.reset()}>Hide</Button>
          </>
        ) : (
          <>
            <p className="text-muted">Who looks at it is written to the audit log.</p>
            <Button busy={reveal.isPending} onClick={() => reveal.mutate()}>
              Reveal secret
            </Button>
            {reveal.error && <p className="text-bad">{told(reveal.error)}</p>}
          </>
        )}
      </div>
    </Panel>
  )
}

function Rotate({ webhook, onRotated }: { webhook: Webhook; onRotated: () => void }) {
  const queries = useQueryClient()
  const { profile } = useSession()
  const form = useRef<HTMLFormElement>(null)
  const [rotated, setRotated] = useState<RotatedSecret | null>(null)
  const [shown, setShown] = useState(false)
  const rotate = useMutation({
    mutationFn: (given: { secret?: string; overlap_seconds: number }) =>
      tocsin.webhooks.rotateSecret(webhook.id, given),
    onSuccess(answer) {
      form.current?.reset()
      onRotated()
      setRotated(answer)
      setShown(answer.secret !== undefined)
      queries.invalidateQueries({ queryKey: ["webhook", webhook.id] })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const given = new FormData(event.currentTarget)
    const secret = String(given.get("secret") ?? "").trim()
    rotate.mutate({ overlap_seconds: Number(given.get("overlap")), ...(secret !== "" && { secret }) })
  }
  return (
    <Panel title="Rotate secret">
      <form ref={form} onSubmit={submit} className="space-y-3 text-sm">
        <p className="text-muted">
          During the overlap <code className="font-mono">webhook-signature</code> carries both signatures
          {profile.signature_header !== "webhook-signature" && (
            <>
              ; <code className="font-mono">{profile.signature_header}</code> is the new one's, and after a 401 or 403
              the old one's is tried at once
            </>
          )}
          .
        </p>
        <TextField
          label="New secret"
          name="secret"
          placeholder="Left empty: generated and shown once"
          flaws={flawsAt(rotate.error, "/secret")}
        />
        <SelectField label="Overlap with the old one" name="overlap" defaultValue="86400">
          {overlaps.map(([seconds, text]) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </SelectField>
        <Button look="primary" type="submit" busy={rotate.isPending}>
          Rotate secret
        </Button>
        {rotate.error && <p className="text-bad">{told(rotate.error)}</p>}
        {rotated && <Rotated rotated={rotated} />}
      </form>
      {shown && rotated?.secret !== undefined && (
        <SecretOnce
          secret={rotated.secret}
          onClose={() => setShown(false)}
          footer={
            <Button look="primary" onClick={() => setShown(false)}>
              I have kept it
            </Button>
          }
        />
      )}
    </Panel>
  )
}

function Rotated({ rotated }: { rotated: RotatedSecret }) {
  return (
    <Notice tone="good" title="The new secret signs from now on">
      {rotated.previous_valid_until === null ? (
        "The old one is no longer used."
      ) : (
        <Countdown until={rotated.previous_valid_until} />
      )}
    </Notice>
  )
}

/** How long the old secret still signs too. */
function Countdown({ until }: { until: string }) {
  const leftMs = Date.parse(until) - useNow(1_000)
  if (leftMs <= 0) return <p>The old secret is no longer used.</p>
  return (
    <p role="timer">
      The old secret still signs too for <strong className="font-mono">{clock(leftMs)}</strong> ({duration(leftMs)}),
      until <Time at={until} form="full" />.
    </p>
  )
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (value: number) => String(value).padStart(2, "0")
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`
}
