import type { Probe } from "@tocsin/client"
import { Badge } from "../parts/badge.tsx"
import { Code } from "../parts/code.tsx"
import { milliseconds } from "../parts/figures.ts"
import { HeadersTable } from "../parts/headers-table.tsx"
import { Panel } from "../parts/panel.tsx"
import { Notice } from "../parts/states.tsx"
import { StatusCode } from "../parts/status-badges.tsx"

/** What was sent and what came back, side by side. */
export function ProbeResult({ probe, url }: { probe: Probe; url: string }) {
  return (
    <div className="space-y-4" aria-live="polite">
      {probe.error === null ? (
        <Notice tone="good" title="The endpoint accepted it" />
      ) : (
        <Notice
          tone="bad"
          title={
            <>
              <code className="font-mono">{probe.error.code}</code>: {probe.error.message}
            </>
          }
        >
          {probe.error.hint}
        </Notice>
      )}
      <div className="grid gap-4 xl:grid-cols-2">
        <Panel title="Request" note={`POST ${url}`}>
          <div className="space-y-3">
            <HeadersTable headers={probe.request.headers} what="Request headers" />
            <Code text={probe.request.body} what="Request body" tall />
          </div>
        </Panel>
        <Panel
          title="Response"
          actions={
            <>
              <StatusCode code={probe.status_code} delivered={probe.delivered} />
              <Badge tone="idle">{milliseconds(probe.duration_ms)}</Badge>
            </>
          }
        >
          {probe.response === null ? (
            <p className="text-sm text-muted">No response came.</p>
          ) : (
            <div className="space-y-3">
              <HeadersTable headers={probe.response.headers} what="Response headers" />
              <Code text={probe.response.body} what="Response body" tall />
            </div>
          )}
        </Panel>
      </div>
    </div>
  )
}
