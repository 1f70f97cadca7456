import type { Webhook } from "@tocsin/client"
import type { ReactNode } from "react"
import { Facts } from "../parts/facts.tsx"
import { HeadersTable } from "../parts/headers-table.tsx"
import { Panel } from "../parts/panel.tsx"
import { Time } from "../parts/time.tsx"
import { SchedulePicture } from "./schedule-picture.tsx"

export function SettingsTab({ webhook }: { webhook: Webhook }) {
  const { filters } = webhook
  const either = (values: readonly string[] | undefined) => (values && values.length > 0 ? values.join(" or ") : "any")
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <Panel title="What is sent">
        <ul className="mb-4 flex flex-wrap gap-1.5">
          {webhook.events.map((each) => (
            <li key={each} className="rounded bg-idle-ground px-1.5 py-0.5 font-mono text-xs">
              {each}
            </li>
          ))}
        </ul>
        <Facts
          facts={[
            ["Severity", either(filters?.severity)],
            ["Environment", either(filters?.environments)],
            ["Cloud provider", either(filters?.cloud_providers)],
          ]}
        />
      </Panel>
      <Panel title="Retries">
        <SchedulePicture {...webhook.retry_config} />
      </Panel>
      <Panel title="Delivery">
        <Facts
          facts={[
            ["Ordering", webhook.ordering],
            ["Timeout", `${webhook.timeout_seconds} s`],
            [
              "Rate limit",
              webhook.rate_limit === null
                ? "none"
                : `${webhook.rate_limit.requests} in ${webhook.rate_limit.per_seconds} s`,
            ],
            [
              "Verification",
              !webhook.verification.enabled ? (
                "not asked for"
              ) : webhook.verification.verified_at === null ? (
                "not yet"
              ) : (
                <Time key="verified" at={webhook.verification.verified_at} form="full" />
              ),
            ],
            ["Created", <Time key="created" at={webhook.created} form="full" />],
            ["Changed", <Time key="updated" at={webhook.updated} form="full" />],
          ]}
        />
      </Panel>
      <Panel title="Headers of its own">
        <HeadersTable headers={webhook.headers} what="Headers" />
      </Panel>
      <Panel title="Authorization and TLS">
        <Facts facts={[...authorizationFacts(webhook.authorization), ...tlsFacts(webhook.tls)]} />
      </Panel>
    </div>
  )
}

type Fact = readonly [name: string, value: ReactNode]

function authorizationFacts(authorization: Webhook["authorization"]): readonly Fact[] {
  if (authorization === null) return [["Authorization header", "none"]]
  if (authorization.type === "static") return [["Authorization header", "a fixed value"]]
  const { token_url, client_id, scope, audience } = authorization
  return [
    ["Authorization header", "OAuth 2 client credentials"],
    ["Token URL", token_url],
    ["Client id", client_id],
    ["Scope", scope ?? "none"],
    ["Audience", audience ?? "none"],
  ]
}

function tlsFacts(tls: Webhook["tls"]): readonly Fact[] {
  return [
    ["Client certificate", tls?.client_certificate === undefined ? "none" : "presented"],
    ["Endpoint's authority", tls?.authority === undefined ? "a public one" : "its own alone"],
  ]
}
