import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import { usePathPart } from "../parts/address.ts"
import { buttonClass } from "../parts/button.tsx"
import { ScreenTitle } from "../parts/panel.tsx"
import { Failed, Waiting } from "../parts/states.tsx"
import { tocsin } from "../tocsin.ts"
import { type Draft, draftOf, settingsOf } from "./webhook-draft.ts"
import { WebhookForm } from "./webhook-form.tsx"
import { useWebhook } from "./webhook-queries.ts"

export function EditWebhook() {
  const id = usePathPart("id")
  const queries = useQueryClient()
  const navigate = useNavigate()
  const webhook = useWebhook(id)
  const save = useMutation({
    mutationFn: (draft: Draft) => tocsin.webhooks.update(id, settingsOf(draft)),
    onSuccess(changed) {
      queries.setQueryData(["webhook", id], changed)
      queries.invalidateQueries({ queryKey: ["webhooks"] })
      // As the toggle promises: a webhook that has to prove itself (anew, at another URL) is sent the payload at once.
      const { enabled, verified_at } = changed.verification
      navigate({
        to: "/settings/integrations/webhooks/$id",
        params: { id },
        search: enabled && verified_at === null ? { tab: "test", verify: "now" } : {},
      })
    },
  })
  if (webhook.error && !webhook.data) return <Failed error={webhook.error} again={() => webhook.refetch()} />
  if (!webhook.data) return <Waiting className="h-96" />
  return (
    <>
      <ScreenTitle title="Edit webhook" above={webhook.data.url} />
      <WebhookForm
        isNew={false}
        start={draftOf(webhook.data)}
        error={save.error}
        busy={save.isPending}
        onSubmit={(draft) => save.mutate(draft)}
        cancel={
          <Link to="/settings/integrations/webhooks/$id" params={{ id }} className={buttonClass()}>
            Cancel
          </Link>
        }
      />
    </>
  )
}
