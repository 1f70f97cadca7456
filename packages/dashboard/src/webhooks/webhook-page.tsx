import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import type { Webhook } from "@tocsin/client"
import { lazy, Suspense, useState } from "react"
import { DeliveryTable } from "../deliveries/delivery-table.tsx"
import { useAddress, usePathPart } from "../parts/address.ts"
import { Button, buttonClass } from "../parts/button.tsx"
import { CopyButton } from "../parts/copy-button.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { Icon } from "../parts/icons.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { Failed, Notice, Waiting } from "../parts/states.tsx"
import { WebhookBadge } from "../parts/status-badges.tsx"
import { Tabs } from "../parts/tabs.tsx"
import { Time } from "../parts/time.tsx"
import { useMay } from "../session/session.ts"
import { tocsin, told } from "../tocsin.ts"
import { Health } from "./health.tsx"
import { ReplayTab } from "./replay-tab.tsx"
import { SecretTab } from "./secret-tab.tsx"
import { SettingsTab } from "./settings-tab.tsx"
import { TestTab } from "./test-tab.tsx"
import { nameOf } from "./webhook-name.ts"
import { useWebhook } from "./webhook-queries.ts"

const VerificationCode = lazy(() => import("./verification/verification-code.tsx"))

const tabs = [
  ["health", "Health"],
  ["deliveries", "Deliveries"],
  ["test", "Test"],
  ["replay", "Replay"],
  ["secret", "Secret"],
  ["code", "Verification code"],
  ["settings", "Settings"],
] as const

export function WebhookPage() {
  const id = usePathPart("id")
  const [{ tab = "health" }] = useAddress()
  const { data: webhook, error, refetch } = useWebhook(id)
  if (error && !webhook) return <Failed error={error} again={() => refetch()} />
  if (!webhook) return <Waiting className="h-96" />
  return (
    <>
      <ScreenTitle
        title={nameOf(webhook)}
        above={
          <>
            Settings › Integrations ›{" "}
            <Link to="/settings/integrations/webhooks" className="hover:underline">
              Webhooks
            </Link>
          </>
        }
        below={
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <WebhookBadge webhook={webhook} />
            <span className="wrap-anywhere">{webhook.url}</span>
            <span className="inline-flex items-center gap-1">
              <span className="font-mono text-xs">{webhook.id}</span>
              <CopyButton text={webhook.id} what="the webhook's id" />
            </span>
          </span>
        }
        actions={<Actions webhook={webhook} />}
      />
      <WhyNotSending webhook={webhook} />
      <Tabs label="Webhook" tabs={tabs} present={tab} />
      <Tab tab={tab} webhook={webhook} />
    </>
  )
}

function Tab({ tab, webhook }: { tab: string; webhook: Webhook }) {
  switch (tab) {
    case "deliveries":
      return (
        <Panel flush>
          <DeliveryTable filter={{ webhook_id: webhook.id }} tail />
        </Panel>
      )
    case "test":
      return <TestTab webhook={webhook} />
    case "replay":
      return <ReplayTab webhook={webhook} />
    case "secret":
      return <SecretTab webhook={webhook} />
    case "code":
      return (
        <Suspense fallback={<Waiting />}>
          <VerificationCode />
        </Suspense>
      )
    case "settings":
      return <SettingsTab webhook={webhook} />
    default:
      return <Health webhook={webhook} />
  }
}

/** What keeps deliveries from being sent, and the way out. */
function WhyNotSending({ webhook }: { webhook: Webhook }) {
  const held =
    webhook.backlog === 1
      ? "One delivery is held and goes out once it sends again, if within its 24 hours."
      : `${webhook.backlog} deliveries are held and go out once it sends again, if within their 24 hours.`
  if (webhook.status === "disabled") {
    const title =
      webhook.disabled_reason === "gone"
        ? "Disabled: the endpoint answered 410 Gone"
        : "Disabled: five days without one success"
    return (
      <div className="mb-4">
        <Notice tone="bad" title={title}>
          {webhook.disabled_at !== null && (
            <>
              Since <Time at={webhook.disabled_at} form="full" />.{" "}
            </>
          )}
          Correct the URL or mend the endpoint, send a test event, then press Resume. {held}
        </Notice>
      </div>
    )
  }
  if (webhook.status === "unverified") {
    return (
      <div className="mb-4">
        <Notice tone="warn" title="Not verified yet">
          The endpoint has to accept a verification payload first:{" "}
          <Link to="." search={{ tab: "test", verify: "now" }} className="font-medium underline">
            send it now
          </Link>
          . {held}
        </Notice>
      </div>
    )
  }
  if (webhook.status === "inactive") {
    return (
      <div className="mb-4">
        <Notice tone="info" title="Paused">
          {held}
        </Notice>
      </div>
    )
  }
  return null
}

function Actions({ webhook }: { webhook: Webhook }) {
  const queries = useQueryClient()
  const mayWrite = useMay("webhooks:write")
  const [deleting, setDeleting] = useState(false)
  const change = useMutation({
    mutationFn: (active: boolean) => tocsin.webhooks.update(webhook.id, { active }),
    onSuccess(changed) {
      queries.setQueryData(["webhook", webhook.id], changed)
      queries.invalidateQueries({ queryKey: ["webhooks"] })
    },
  })
  if (!mayWrite) return null
  const sends = webhook.active && webhook.status !== "disabled"
  return (
    <>
      <Link to="." search={{ tab: "test" }} className={buttonClass("primary")}>
        <Icon name="play" width={14} height={14} />
        Send test event
      </Link>
      <Button busy={change.isPending} onClick={() => change.mutate(!sends)}>
        {sends ? "Pause" : "Resume"}
      </Button>
      <Link to="/settings/integrations/webhooks/$id/edit" params={{ id: webhook.id }} className={buttonClass()}>
        Edit
      </Link>
      <Button look="danger" onClick={() => setDeleting(true)}>
        Delete
      </Button>
      {change.error && (
        <p role="alert" className="basis-full text-sm text-bad">
          {told(change.error)}
        </p>
      )}
      {deleting && <DeleteDialog webhook={webhook} onClose={() => setDeleting(false)} />}
    </>
  )
}

function DeleteDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => tocsin.webhooks.delete(webhook.id),
    async onSuccess() {
      await navigate({ to: "/settings/integrations/webhooks" })
      queries.removeQueries({ queryKey: ["webhook", webhook.id] })
      queries.invalidateQueries({ queryKey: ["webhooks"] })
    },
  })
  return (
    <Dialog
      title="Delete this webhook?"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            Delete webhook
          </Button>
        </>
      }
    >
      <p className="font-mono text-xs wrap-anywhere">{webhook.url}</p>
      <p>
        {webhook.backlog === 0
          ? "Nothing is waiting for it."
          : webhook.backlog === 1
            ? "The one delivery that waits for it is cancelled."
            : `${webhook.backlog} deliveries that wait for it are cancelled.`}{" "}
        Its log stays readable as long as logs are kept. To stop it for a while, pause it.
      </p>
      {remove.error && <p className="text-bad">{told(remove.error)}</p>}
    </Dialog>
  )
}
