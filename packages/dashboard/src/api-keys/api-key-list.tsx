import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { ApiKey, CreatedApiKey, NewApiKey, Scope } from "@tocsin/client"
import { type FormEvent, useState } from "react"
import { useLiveList } from "../live/live-list.ts"
import { Badge } from "../parts/badge.tsx"
import { Button } from "../parts/button.tsx"
import { Code } from "../parts/code.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { Flaws, SelectField, TextField } from "../parts/field.tsx"
import { Icon } from "../parts/icons.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { type Column, RowList } from "../parts/row-list.tsx"
import { Empty, Failed, Notice, Waiting } from "../parts/states.tsx"
import { Time } from "../parts/time.tsx"
import { useMay, useSession } from "../session/session.ts"
import { flawsAt, tocsin, told } from "../tocsin.ts"

export function ApiKeyList() {
  const mayManage = useMay("keys:write")
  const [adding, setAdding] = useState(false)
  return (
    <>
      <ScreenTitle
        title="API keys"
        below="What programs, and people here, authenticate with"
        actions={
          mayManage && (
            <Button look="primary" onClick={() => setAdding(true)}>
              <Icon name="plus" />
              Create key
            </Button>
          )
        }
      />
      <Panel flush>{mayManage ? <Keys /> : <CannotSee />}</Panel>
      {adding && <CreateKey onClose={() => setAdding(false)} />}
    </>
  )
}

function CannotSee() {
  return (
    <div className="p-4">
      <Notice tone="info" title="This key may not manage keys">
        Sign in with one that has the scope <code className="font-mono">keys:write</code>.
      </Notice>
    </div>
  )
}

function Keys() {
  const { key: own } = useSession()
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const { rows, query, more } = useLiveList(["api-keys"], (cursor, signal) =>
    tocsin.apiKeys.list({ limit: 100, cursor }, { signal }).page(),
  )
  if (query.error && rows.length === 0) return <Failed error={query.error} again={() => query.refetch()} />
  if (!query.data) return <Waiting className="h-96" />
  const columns: readonly Column<ApiKey>[] = [
    {
      name: "Name",
      width: "minmax(0, 2fr)",
      cell: ({ id, name }) => (
        <span className="font-medium">
          {name} {id === own.id && <Badge tone="info">this session</Badge>}
        </span>
      ),
    },
    {
      name: "Key",
      width: "7.5rem",
      from: "sm",
      cell: ({ prefix }) => <code className="font-mono text-xs text-muted">{prefix}…</code>,
    },
    {
      name: "Scopes",
      width: "minmax(0, 2fr)",
      from: "lg",
      cell: ({ scopes }) => (
        <span className="text-xs text-muted" title={scopes.join("\n")}>
          {scopes.join(", ")}
        </span>
      ),
    },
    {
      name: "Last used",
      width: "8rem",
      from: "md",
      cell: ({ last_used }) =>
        last_used === null ? <span className="text-muted">never</span> : <Time at={last_used} form="relative" />,
    },
    {
      name: "Expires",
      width: "8rem",
      from: "md",
      cell: ({ expires_at }) =>
        expires_at === null ? <span className="text-muted">never</span> : <Time at={expires_at} form="relative" />,
    },
    {
      name: "State",
      width: "6.5rem",
      right: true,
      cell: (key) =>
        key.revoked_at === null ? (
          <Button small look="danger" aria-label={`Revoke ${key.name}`} onClick={() => setRevoking(key)}>
            Revoke
          </Button>
        ) : (
          <Badge tone="idle">Revoked</Badge>
        ),
    },
  ]
  return (
    <>
      <RowList
        label="API keys"
        rows={rows}
        columns={columns}
        keyOf={({ id }) => id}
        more={more}
        loadingMore={query.isFetchingNextPage}
        empty={
          <Empty icon="keys" title="No key">
            Create one for each program, with the scopes it needs.
          </Empty>
        }
      />
      {revoking && <Revoke apiKey={revoking} own={revoking.id === own.id} onClose={() => setRevoking(null)} />}
    </>
  )
}

function Revoke({ apiKey, own, onClose }: { apiKey: ApiKey; own: boolean; onClose: () => void }) {
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => tocsin.apiKeys.revoke(apiKey.id),
    onSuccess() {
      queries.invalidateQueries({ queryKey: [own ? "session" : "api-keys"] })
      onClose()
    },
  })
  return (
    <Dialog
      title={`Revoke ${apiKey.name}?`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke key
          </Button>
        </>
      }
    >
      <p>
        Whatever uses <code className="font-mono">{apiKey.prefix}…</code> is refused from this moment on, and sessions
        signed in with it end. {own && "That includes this session."}
      </p>
      {revoke.error && <p className="text-bad">{told(revoke.error)}</p>}
    </Dialog>
  )
}

const lives = [
  ["", "Never"],
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
] as const

function CreateKey({ onClose }: { onClose: () => void }) {
  const { key: own } = useSession()
  const queries = useQueryClient()
  const [scopes, setScopes] = useState<readonly Scope[]>(own.scopes)
  const [created, setCreated] = useState<CreatedApiKey | null>(null)
  const create = useMutation({
    mutationFn: (key: NewApiKey) => tocsin.apiKeys.create(key),
    onSuccess(key) {
      setCreated(key)
      queries.invalidateQueries({ queryKey: ["api-keys"] })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const days = Number(form.get("life"))
    create.mutate({
      name: String(form.get("name") ?? "").trim(),
      scopes,
      expires_at: days > 0 ? new Date(Date.now() + days * 86_400_000).toISOString() : null,
    })
  }
  if (created) {
    return (
      <Dialog
        title="Keep this key"
        onClose={onClose}
        footer={
          <Button look="primary" onClick={onClose}>
            I have kept it
          </Button>
        }
      >
        <p>It is shown this once; only its hash is stored.</p>
        <Code text={created.key} what="API key" />
      </Dialog>
    )
  }
  return (
    <Dialog title="Create key" onClose={onClose}>
      <form onSubmit={submit} className="space-y-4">
        <TextField label="Name" name="name" placeholder="What will use it" flaws={flawsAt(create.error, "/name")} />
        <fieldset>
          <legend className="mb-1 text-sm font-medium">Scopes</legend>
          <div className="grid gap-1.5 sm:grid-cols-2">
            {own.scopes.map((scope) => (
              <label key={scope} className="clickable flex items-center gap-2 font-mono text-xs">
                <input
                  type="checkbox"
                  className="size-4 accent-solid"
                  checked={scopes.includes(scope)}
                  onChange={(event) =>
                    setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((each) => each !== scope))
                  }
                />
                {scope}
              </label>
            ))}
          </div>
          <Flaws flaws={flawsAt(create.error, "/scopes")} />
        </fieldset>
        <SelectField label="Expires" name="life" flaws={flawsAt(create.error, "/expires_at")}>
          {lives.map(([days, text]) => (
            <option key={days} value={days}>
              {text}
            </option>
          ))}
        </SelectField>
        {create.error && (
          <p role="alert" className="text-bad">
            {told(create.error)}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={create.isPending}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
