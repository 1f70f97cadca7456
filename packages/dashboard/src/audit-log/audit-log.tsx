import type { AuditEntry } from "@tocsin/client"
import { useState } from "react"
import { useLiveList } from "../live/live-list.ts"
import { Code } from "../parts/code.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { Facts } from "../parts/facts.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { rowTarget } from "../parts/row-link.tsx"
import { type Column, RowList } from "../parts/row-list.tsx"
import { Empty, Failed, Notice, Waiting } from "../parts/states.tsx"
import { Time } from "../parts/time.tsx"
import { useMay } from "../session/session.ts"
import { tocsin } from "../tocsin.ts"

export function AuditLog() {
  const maySee = useMay("keys:write")
  return (
    <>
      <ScreenTitle title="Audit log" below="Who changed what, from where; newest first" />
      <Panel flush>
        {maySee ? (
          <Entries />
        ) : (
          <div className="p-4">
            <Notice tone="info" title="This key may not read the audit log">
              Sign in with one that has the scope <code className="font-mono">keys:write</code>.
            </Notice>
          </div>
        )}
      </Panel>
    </>
  )
}

function Entries() {
  const [opened, setOpened] = useState<AuditEntry | null>(null)
  const { rows, query, more } = useLiveList(["audit-log"], (cursor, signal) =>
    tocsin.auditLog.list({ limit: 200, cursor }, { signal }).page(),
  )
  if (query.error && rows.length === 0) return <Failed error={query.error} again={() => query.refetch()} />
  if (!query.data) return <Waiting className="h-[max(20rem,calc(100dvh-9.5rem))]" />
  const columns: readonly Column<AuditEntry>[] = [
    {
      name: "Action",
      width: "minmax(0, 1.5fr)",
      cell: (entry) => (
        <button type="button" className={`${rowTarget} font-mono text-xs`} onClick={() => setOpened(entry)}>
          {entry.action}
        </button>
      ),
    },
    { name: "By", width: "minmax(0, 1fr)", cell: (entry) => actorOf(entry) },
    {
      name: "Subject",
      width: "minmax(0, 1.5fr)",
      from: "md",
      cell: ({ subject }) => <span className="font-mono text-xs text-muted">{subject}</span>,
    },
    {
      name: "From",
      width: "8rem",
      from: "lg",
      cell: ({ address }) => <span className="font-mono text-xs text-muted">{address ?? "–"}</span>,
    },
    {
      name: "When",
      width: "8.5rem",
      right: true,
      cell: ({ at }) => (
        <span className="text-muted">
          <Time at={at} />
        </span>
      ),
    },
  ]
  return (
    <>
      <RowList
        label="Audit log"
        rows={rows}
        columns={columns}
        keyOf={({ id }) => id}
        more={more}
        loadingMore={query.isFetchingNextPage}
        empty={
          <Empty icon="audit" title="Nothing was changed yet">
            Every change of configuration is written here.
          </Empty>
        }
      />
      {opened && (
        <Dialog title={opened.action} onClose={() => setOpened(null)}>
          <Facts
            facts={[
              ["By", actorOf(opened)],
              ["From", opened.address ?? "–"],
              ["When", <Time key="at" at={opened.at} form="full" />],
              [
                "Subject",
                <span key="subject" className="font-mono text-xs">
                  {opened.subject}
                </span>,
              ],
            ]}
          />
          {opened.before != null && <Code text={JSON.stringify(opened.before)} what="Before" />}
          {opened.after != null && <Code text={JSON.stringify(opened.after)} what="After" />}
        </Dialog>
      )}
    </>
  )
}

function actorOf({ actor }: AuditEntry): string {
  if (actor.kind === "admin") return "admin key"
  return actor.kind === "engine" ? "Tocsin itself" : (actor.name ?? actor.id ?? "API key")
}
