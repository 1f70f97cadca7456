import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import type { NewWebhook } from "@tocsin/client"
import { useState } from "react"
import { Button, buttonClass } from "../parts/button.tsx"
import { ScreenTitle } from "../parts/panel.tsx"
import { useSession } from "../session/session.ts"
import { tocsin } from "../tocsin.ts"
import { SecretOnce } from "./secret-once.tsx"
import { newDraft, settingsOf } from "./webhook-draft.ts"
import { WebhookForm } from "./webhook-form.tsx"

export function AddWebhook() {
  const { profile } = useSession()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [start] = useState(() => newDraft(profile))
  const create = useMutation({
    mutationFn: (webhook: NewWebhook) => tocsin.webhooks.create(webhook),
    onSuccess(webhook) {
      queries.invalidateQueries({ queryKey: ["webhooks"] })
      if (webhook.secret === undefined) open(webhook.id, webhook.verification.enabled)
    },
  })
  // The verification payload goes out on the webhook's page, where it is seen to arrive.
  const open = (id: string, verify: boolean) =>
    navigate({
      to: "/settings/integrations/webhooks/$id",
      params: { id },
      search: verify ? { tab: "test", verify: "now" } : {},
    })
  const created = create.data
  return (
    <>
      <ScreenTitle
        title="Add Webhook"
        above={
          <>
            Settings › Integrations ›{" "}
            <Link to="/settings/integrations/webhooks" className="hover:underline">
              Webhooks
            </Link>
          </>
        }
      />
      <WebhookForm
        isNew
        start={start}
        error={create.error}
        // Once it is there the form is done with, also while the next screen is still coming: it would add another.
        busy={create.isPending || create.isSuccess}
        onSubmit={(draft) => create.mutate(settingsOf(draft))}
        cancel={
          <Link to="/settings/integrations/webhooks" className={buttonClass()}>
            Cancel
          </Link>
        }
      />
      {created?.secret !== undefined && (
        <SecretOnce
          secret={created.secret}
          onClose={() => open(created.id, created.verification.enabled)}
          footer={
            <Button look="primary" onClick={() => open(created.id, created.verification.enabled)}>
              I have kept it
            </Button>
          }
        />
      )}
    </>
  )
}
