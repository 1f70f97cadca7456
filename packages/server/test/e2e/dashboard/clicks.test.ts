import { readFileSync } from "node:fs"
import type { Page } from "playwright-core"
import { expect, it, onTestFinished } from "vitest"
import { type NewWebhook, Tocsin, type Webhook } from "../../../../client/src/index.ts"
import { openReceiver, type Receiver } from "../../receiver.ts"
import { eventually } from "../api-calls.ts"
import { dashboard } from "./dashboard-browser.ts"

const { here, signedIn } = dashboard("policycortex")

const authorityPem = readFileSync(new URL("../../fixtures/tls/authority.crt", import.meta.url), "utf8")
const webhooksPath = "/settings/integrations/webhooks"

async function ownReceiver(): Promise<Receiver> {
  const receiver = await openReceiver()
  onTestFinished(() => receiver.close())
  return receiver
}

/** A webhook of the test's own, deleted after it, so that the others have the workspace to themselves. */
async function added(settings: Partial<NewWebhook> & { readonly url: string }): Promise<Webhook> {
  const { tocsin } = here()
  const webhook = await tocsin.webhooks.create({ events: ["scan.*"], secret: "a-shared-secret", ...settings })
  onTestFinished(() => tocsin.webhooks.delete(webhook.id).catch(() => {}))
  return webhook
}

/** Publishes the catalogue's sample. */
async function publish(type: string): Promise<string> {
  const { sample } = await here().tocsin.eventTypes.get(type)
  const { id } = await here().tocsin.events.publish({ type, data: sample ?? {} })
  return id
}

/** What is said beneath a field to be wrong with it. */
async function flawOf(page: Page, label: string): Promise<string> {
  const field = page.getByLabel(label, { exact: true })
  await expect.poll(() => field.getAttribute("aria-invalid")).toBe("true")
  const about = await field.getAttribute("aria-describedby")
  return (await page.locator(`[id="${about}"] [data-flaw]`).allTextContents()).join()
}

it("edits a webhook: the form has what is stored, and what is saved holds", async () => {
  const { origin } = await ownReceiver()
  const webhook = await added({ url: `${origin}/edit`, description: "Before", headers: { "X-Tenant": "acme" } })
  const page = await signedIn(`${webhooksPath}/${webhook.id}`)
  await page.getByRole("link", { name: "Edit" }).click()
  expect(await page.getByLabel("URL", { exact: true }).inputValue()).toBe(`${origin}/edit`)
  expect(await page.getByLabel("Value", { exact: true }).inputValue()).toBe("acme")
  await page.getByLabel("Description").fill("After")
  await page.getByLabel("Severity").fill("HIGH, CRITICAL")
  await page.getByLabel("Ordering").selectOption("by_key")
  // What a family covers is chosen by it, until the family is removed.
  const completed = page.getByRole("checkbox", { name: /scan\.completed/ })
  expect([await completed.isChecked(), await completed.isDisabled()]).toEqual([true, true])
  await page.getByRole("button", { name: "Remove scan.*" }).click()
  expect([await completed.isChecked(), await completed.isDisabled()]).toEqual([false, false])
  await completed.check()
  await page.getByRole("checkbox", { name: /user\.login/ }).check()
  await page.getByRole("button", { name: "Save changes" }).click()
  await page.getByRole("heading", { name: "After" }).waitFor()
  expect(await here().tocsin.webhooks.get(webhook.id)).toMatchObject({
    description: "After",
    events: ["scan.completed", "user.login"],
    filters: { severity: ["HIGH", "CRITICAL"] },
    ordering: "by_key",
    headers: { "X-Tenant": "acme" },
  })
})

it("sends the verification payload when a change asks for one, and only then", async () => {
  const receiver = await ownReceiver()
  const webhook = await added({ url: `${receiver.origin}/unproven` })
  const page = await signedIn(`${webhooksPath}/${webhook.id}/edit`)
  const save = page.getByRole("button", { name: "Save changes" })
  await page.getByRole("switch", { name: "Enable Verification" }).click()
  await save.click()
  await page.getByText("The endpoint accepted it").waitFor()
  const [payload] = await receiver.arrived(1)
  expect(payload?.header("X-PolicyCortex-Test")).toBe("true")
  await page.getByText("Active", { exact: true }).first().waitFor()

  // It stays verified, until it has another URL.
  await page.getByRole("link", { name: "Edit" }).click()
  await page.getByLabel("Description").fill("Proven")
  await save.click()
  await page.getByRole("heading", { name: "Proven" }).waitFor()
  await page.getByRole("link", { name: "Edit" }).click()
  await page.getByLabel("URL", { exact: true }).fill(`${receiver.origin}/moved`)
  await save.click()
  await page.getByText("The endpoint accepted it").waitFor()
  const paths = (await receiver.arrived(2)).map(({ path }) => path)
  expect(paths).toEqual(["/unproven", "/moved"])
})

it("sends the verification payload as often as it is asked for by the notice that it is missing", async () => {
  const receiver = await ownReceiver()
  receiver.reply(500)
  const webhook = await added({ url: `${receiver.origin}/again`, verification: { enabled: true } })
  const page = await signedIn(`${webhooksPath}/${webhook.id}`)
  const sendNow = page.getByRole("link", { name: "send it now" })
  await sendNow.click()
  await receiver.arrived(1)
  await page.getByText(/^non_2xx/).waitFor()
  receiver.reply(200)
  await sendNow.click()
  await receiver.arrived(2)
  await page.getByText("The endpoint accepted it").waitFor()
})

it("sets how it authorizes itself, says at the field what is missing, and keeps what it shows masked", async () => {
  const receiver = await ownReceiver()
  const webhook = await added({ url: `${receiver.origin}/authorized` })
  const page = await signedIn(`${webhooksPath}/${webhook.id}/edit`)
  const save = page.getByRole("button", { name: "Save changes" })
  const type = page.getByLabel("Authorization header")

  await type.selectOption("oauth2_client_credentials")
  await page.getByLabel("Client id").fill("tocsin")
  await save.click()
  expect(await flawOf(page, "Token URL")).toContain("required")
  expect(await flawOf(page, "Client secret")).toContain("required")
  expect(await page.getByLabel("Client id").getAttribute("aria-invalid")).toBeNull()

  await type.selectOption("static")
  await page.getByLabel("Value", { exact: true }).fill("Bearer of-good-news")
  await save.click()
  await page.getByRole("heading", { name: "/authorized" }).waitFor()

  // Saved once more with the mask in the field: what is stored stays.
  await page.getByRole("link", { name: "Edit" }).click()
  expect(await page.getByLabel("Value", { exact: true }).inputValue()).toBe("********")
  await page.getByLabel("Description").fill("Masked")
  await save.click()
  await page.getByRole("heading", { name: "Masked" }).waitFor()
  await page.getByRole("link", { name: "Send test event" }).click()
  await page.getByRole("button", { name: "Send", exact: true }).click()
  const [sent] = await receiver.arrived(1)
  expect(sent?.header("authorization")).toBe("Bearer of-good-news")
  await page.getByText("The endpoint accepted it").waitFor()
  expect(await page.content()).not.toContain("of-good-news")
})

it("takes certificates for both sides of TLS, and says at the field what is wrong with them", async () => {
  const { origin } = await ownReceiver()
  const webhook = await added({ url: `${origin}/tls` })
  const page = await signedIn(`${webhooksPath}/${webhook.id}/edit`)
  const save = page.getByRole("button", { name: "Save changes" })
  await page.getByLabel("Client certificate").fill("not a certificate")
  await page.getByLabel("Certificate authority").fill("nor this")
  await save.click()
  expect(await flawOf(page, "Client certificate")).toContain("PEM")
  expect(await flawOf(page, "Client key")).toContain("required")
  expect(await flawOf(page, "Certificate authority")).toContain("PEM")

  await page.getByLabel("Client certificate").fill("")
  await page.getByLabel("Certificate authority").fill(authorityPem)
  await save.click()
  await page.getByRole("heading", { name: "/tls" }).waitFor()
  await page.getByRole("link", { name: "Settings", exact: true }).click()
  await page.getByText("its own alone").waitFor()
  expect((await here().tocsin.webhooks.get(webhook.id)).tls?.authority).toBe(authorityPem.trim())
})

it("pauses and resumes: what was held goes out", async () => {
  const receiver = await ownReceiver()
  const webhook = await added({ url: `${receiver.origin}/pause` })
  const page = await signedIn(`${webhooksPath}/${webhook.id}`)
  await page.getByRole("button", { name: "Pause", exact: true }).click()
  await page.getByText("Paused", { exact: true }).first().waitFor()
  await publish("scan.completed")
  await page.getByText("One delivery is held").waitFor()
  expect(receiver.received).toHaveLength(0)
  await page.getByRole("button", { name: "Resume" }).click()
  await receiver.arrived(1)
  await page.getByText("Active", { exact: true }).waitFor()
})

it("deletes only what was confirmed", async () => {
  const { origin } = await ownReceiver()
  const webhook = await added({ url: `${origin}/delete`, description: "Short-lived" })
  const page = await signedIn(`${webhooksPath}/${webhook.id}`)
  await page.getByRole("button", { name: "Delete" }).click()
  const dialog = page.getByRole("dialog", { name: "Delete this webhook?" })
  await dialog.getByText(`${origin}/delete`).waitFor()
  await dialog.getByRole("button", { name: "Keep it" }).click()
  await dialog.waitFor({ state: "detached" })
  expect((await here().tocsin.webhooks.get(webhook.id)).status).toBe("active")

  await page.getByRole("button", { name: "Delete" }).click()
  await dialog.getByRole("button", { name: "Delete webhook" }).click()
  await page.getByRole("heading", { name: "Webhooks", exact: true }).waitFor()
  await expect.poll(() => page.getByRole("link", { name: "Short-lived" }).count()).toBe(0)
  await expect(here().tocsin.webhooks.get(webhook.id)).rejects.toMatchObject({ status: 404 })
})

it("rotates the secret with an overlap that is counted down, and shows the new one once", async () => {
  const receiver = await ownReceiver()
  const webhook = await added({ url: `${receiver.origin}/rotate` })
  const page = await signedIn(`${webhooksPath}/${webhook.id}?tab=secret`)
  await page.getByRole("button", { name: "Reveal secret" }).click()
  await page.getByRole("region", { name: "Secret" }).waitFor()
  await page.getByLabel("Overlap with the old one").selectOption("3600")
  await page.getByRole("button", { name: "Rotate secret" }).click()
  const dialog = page.getByRole("dialog", { name: "Keep this secret" })
  const secret = (await dialog.locator("pre").textContent()) ?? ""
  expect(secret.length).toBeGreaterThanOrEqual(24)
  await dialog.getByRole("button", { name: "I have kept it" }).click()
  await dialog.waitFor({ state: "detached" })
  expect(await page.content()).not.toContain(secret)

  // The old one no longer stands there as the present one.
  expect(await page.getByRole("region", { name: "Secret" }).count()).toBe(0)
  await page.getByRole("button", { name: "Reveal secret" }).waitFor()

  const timer = page.getByRole("timer")
  const left = async () => /\d\d:\d\d:\d\d/.exec((await timer.textContent()) ?? "")?.[0] ?? ""
  const first = await left()
  expect(first).toMatch(/^(00:59:|01:00:00)/)
  await expect.poll(left).not.toBe(first)

  await publish("scan.completed")
  const [delivered] = await receiver.arrived(1)
  expect(delivered?.header("webhook-signature")?.split(" ")).toHaveLength(2)

  await page.getByRole("button", { name: "Reveal secret" }).click()
  await page.getByText(secret).waitFor()
  await page.getByText("a-shared-secret").waitFor()
  await page.getByRole("button", { name: "Hide" }).click()
  await expect.poll(() => page.content()).not.toContain(secret)
})

it("tells why a webhook was disabled, on its page and on the overview, and takes it up again", async () => {
  const receiver = await ownReceiver()
  receiver.reply(410)
  const webhook = await added({ url: `${receiver.origin}/gone`, description: "Moved away" })
  const page = await signedIn(`${webhooksPath}/${webhook.id}`)
  await publish("scan.failed")
  await receiver.arrived(1)
  await page.getByText("Disabled: the endpoint answered 410 Gone").waitFor()
  await page.getByRole("link", { name: "Overview" }).click()
  // What waits may be held or pending as well: no list of one state has it.
  const backlog = page.getByRole("link", { name: "not yet delivered" })
  expect(await backlog.getAttribute("href")).toBe(webhooksPath)
  const trouble = page.getByRole("listitem").filter({ hasText: "Moved away" })
  await trouble.getByText("Answered 410 Gone").waitFor()
  await trouble.getByRole("link").click()
  receiver.reply(200)
  await page.getByRole("button", { name: "Resume" }).click()
  await page.getByText("Failing", { exact: true }).waitFor()
  await publish("scan.completed")
  await page.getByText("Active", { exact: true }).waitFor()
})

it("creates an API key that is shown once, and revokes it", async () => {
  const page = await signedIn("/api-keys")
  await page.getByRole("button", { name: "Create key" }).click()
  await page.getByLabel("Name").fill("")
  const dialog = page.getByRole("dialog")
  await dialog.getByRole("button", { name: "Create", exact: true }).click()
  expect(await flawOf(page, "Name")).not.toBe("")
  await page.getByLabel("Name").fill("nightly report")
  await dialog.getByRole("checkbox", { name: "webhooks:write" }).uncheck()
  await dialog.getByRole("button", { name: "Create", exact: true }).click()
  const shown = page.getByRole("dialog", { name: "Keep this key" })
  const apiKey = (await shown.locator("pre").textContent()) ?? ""
  await shown.getByRole("button", { name: "I have kept it" }).click()
  await shown.waitFor({ state: "detached" })
  expect(await page.content()).not.toContain(apiKey)

  const holder = new Tocsin({ baseUrl: here().server.address, apiKey })
  await holder.webhooks.list().page()
  const refused = holder.webhooks.create({ url: "https://example.com/", events: ["*"], secret: "a-shared-secret" })
  await expect(refused).rejects.toMatchObject({ status: 403 })

  await page.getByRole("button", { name: "Revoke nightly report" }).click()
  await page.getByRole("button", { name: "Revoke key" }).click()
  await page.getByText("Revoked", { exact: true }).waitFor()
  await expect(holder.webhooks.list().page()).rejects.toMatchObject({ status: 401 })
})

it("shows in the audit log who changed what", async () => {
  const { origin } = await ownReceiver()
  const webhook = await added({ url: `${origin}/audited` })
  await here().tocsin.webhooks.update(webhook.id, { description: "Audited" })
  const page = await signedIn("/audit-log")
  const row = page.getByRole("row").filter({ hasText: webhook.id }).filter({ hasText: "webhook.updated" })
  await row.getByRole("button", { name: "webhook.updated" }).click()
  const dialog = page.getByRole("dialog", { name: "webhook.updated" })
  await dialog.getByText("127.0.0.1", { exact: true }).waitFor()
  expect(await dialog.getByRole("region", { name: "After" }).textContent()).toContain("Audited")
  await page.keyboard.press("Escape")
  await dialog.waitFor({ state: "detached" })
})

it("registers an event type of the workspace's own, and shows those of the catalogue with their samples", async () => {
  const page = await signedIn("/event-types")
  await page.getByRole("button", { name: "Register a type" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByLabel("Name").fill("Not Dotted")
  await dialog.getByRole("button", { name: "Register", exact: true }).click()
  expect(await flawOf(page, "Name")).not.toBe("")
  await dialog.getByLabel("Name").fill("pipeline.blocked")
  await dialog.getByLabel("Description").fill("A deployment was stopped")
  await dialog.getByLabel("Schema of data").fill("[]")
  await dialog.getByRole("button", { name: "Register", exact: true }).click()
  expect(await flawOf(page, "Schema of data")).toBe("must be a JSON object")
  await dialog.getByLabel("Schema of data").fill('{"required":["stage"]}')
  await dialog.getByRole("button", { name: "Register", exact: true }).click()
  await dialog.waitFor({ state: "detached" })
  expect(await here().tocsin.eventTypes.get("pipeline.blocked")).toMatchObject({
    description: "A deployment was stopped",
    schema: { required: ["stage"] },
  })
  await page.getByRole("link", { name: "pipeline.blocked" }).click()
  await page.getByRole("button", { name: "Delete" }).click()
  await page.getByRole("button", { name: "Keep it" }).click()
  await here().tocsin.eventTypes.get("pipeline.blocked")
  await page.getByRole("button", { name: "Delete" }).click()
  await page.getByRole("button", { name: "Delete type" }).click()
  await page.getByRole("heading", { name: "Event types" }).waitFor()
  await expect(here().tocsin.eventTypes.get("pipeline.blocked")).rejects.toMatchObject({ status: 404 })
  await page.goto(`${here().server.address}/event-types/policy.violation.created`)
  await page.getByText("require-s3-encryption").first().waitFor()
})

it("says of an event where it went, and why not elsewhere", async () => {
  const receiver = await ownReceiver()
  const matched = await added({ url: `${receiver.origin}/matched`, events: ["policy.*"] })
  await added({ url: `${receiver.origin}/other-type` })
  await added({ url: `${receiver.origin}/filtered`, events: ["*"], filters: { severity: ["CRITICAL"] } })
  const id = await publish("policy.violation.created")
  await receiver.arrived(1)
  await added({ url: `${receiver.origin}/later`, events: ["*"] })
  const page = await signedIn(`/events/${id}`)
  const entry = (path: string) => page.getByRole("listitem").filter({ hasText: `${receiver.port}/${path}` })
  await entry("matched").getByText("Matched", { exact: true }).waitFor()
  await entry("matched").getByText("Delivered", { exact: true }).waitFor()
  await entry("other-type").getByText("It does not subscribe to this type, but to scan.*.").waitFor()
  await entry("filtered").getByText("lets through severity CRITICAL; the event's severity is HIGH").waitFor()
  await entry("later").getByText("It was added after this event. A replay can still send it.").waitFor()
  await page.getByText("Byte for byte as receivers get it").waitFor()
  expect(await page.getByRole("region", { name: "Payload" }).textContent()).toContain(id)
  await entry("matched").getByRole("link", { name: /^dlv_/ }).click()
  await page.getByRole("heading", { name: "policy.violation.created" }).waitFor()
  await page.getByRole("link", { name: matched.url.replace("http://", "") }).waitFor()
})

it("replays with a bar that rises to its end", async () => {
  const { tocsin } = here()
  const receiver = await ownReceiver()
  const { name } = await tocsin.eventTypes.create({ name: "replay.row" })
  const from = new Date(Date.now() - 1_000)
  for (let batch = 0; batch < 5; batch++) {
    await tocsin.events.publishBatch(Array.from({ length: 1_000 }, (_, row) => ({ type: name, data: { batch, row } })))
  }
  const webhook = await added({ url: `${receiver.origin}/replay`, events: [name], ordering: "none" })
  const page = await signedIn(`${webhooksPath}/${webhook.id}?tab=replay`)
  await page.getByLabel("Which").selectOption("all")
  // Each value that the bar is drawn with.
  await page.evaluate(() => {
    const values: number[] = []
    Object.assign(globalThis, { values })
    new MutationObserver(() => {
      const bar = document.querySelector("progress")
      if (bar && bar.value !== values.at(-1)) values.push(bar.value)
    }).observe(document.body, { subtree: true, childList: true, attributes: true })
  })
  await page.getByRole("button", { name: "Start replay" }).click()
  await page.getByText("Completed").waitFor()
  await page.getByText("100 %").waitFor()
  await page.getByText(/^5,0\d\d events looked at/).waitFor()
  const values = await page.evaluate(() => (globalThis as unknown as { values: number[] }).values)
  expect(values.length).toBeGreaterThan(1)
  expect(values[0]).toBeLessThan(1)
  expect(values.at(-1)).toBe(1)
  expect(values).toEqual(values.toSorted((one, other) => one - other))
  const [replay] = await eventually(
    async () => (await tocsin.deliveries.list({ webhook_id: webhook.id, from: from.toISOString() }).page()).data,
    (data) => data.length > 0,
  )
  expect(replay?.replay_id).toMatch(/^rpl_/)
})

it("says of a delivery that was not attempted what it waits for", async () => {
  const receiver = await ownReceiver()
  receiver.reply(500)
  const { id: webhookId } = await added({
    url: `${receiver.origin}/turns`,
    retry_config: { initial_delay_seconds: 600 },
  })
  await publish("scan.completed")
  await receiver.arrived(1)
  const behind = await publish("scan.completed")
  const { data } = await here().tocsin.deliveries.list({ event_id: behind }).page()
  const page = await signedIn(`/deliveries/${data[0]?.id}`)
  await page.getByText("It waits for its turn").waitFor()
  await page.getByText(/^Due \d/).waitFor()
  expect(await page.getByText(/^Next attempt/).count()).toBe(0)
  const first = page.getByRole("link", { name: "See what is being retried" })
  expect(await first.getAttribute("href")).toBe(`/deliveries?webhook=${webhookId}&status=retrying`)
  await page.goto(`${here().server.address}${webhooksPath}/${webhookId}`)
  const { sample } = await here().tocsin.eventTypes.get("scan.completed")
  // More than the plot of the latest attempts looks at.
  await here().tocsin.events.publishBatch(
    Array.from({ length: 100 }, () => ({ type: "scan.completed", data: sample ?? {} })),
  )
  await page.getByText("None for the newest deliveries").waitFor()
  await here().tocsin.webhooks.update(webhookId, { active: false })
  await page.goto(`${here().server.address}/deliveries/${data[0]?.id}`)
  await page.getByText("Held: its webhook is paused").waitFor()
  await here().tocsin.webhooks.delete(webhookId)
  await page.reload()
  await page.getByText("Cancelled: its webhook was deleted").waitFor()
  expect(await page.getByRole("button", { name: "Retry now" }).count()).toBe(0)
})

it("retries at a person's word what was given up", async () => {
  const receiver = await ownReceiver()
  receiver.reply(500)
  await added({ url: `${receiver.origin}/retry`, retry_config: { max_attempts: 1 } })
  const id = await publish("scan.completed")
  await receiver.arrived(1)
  const page = await signedIn(`/deliveries?event=${id}`)
  await page.getByText("Exhausted", { exact: true }).waitFor()
  await page.getByRole("link", { name: "scan.completed" }).click()
  await page.getByText("It was given up after the last attempt that its webhook allows").waitFor()
  receiver.reply(200)
  // Long enough for the browser to take the focus from a button that cannot have it.
  await page.route("**/retry", async (route) => {
    await page.waitForTimeout(500)
    await route.continue()
  })
  const retry = page.getByRole("button", { name: "Retry now" })
  await retry.press("Enter")
  await receiver.arrived(2)
  await page.getByText("Attempt 2", { exact: true }).waitFor()
  // Who goes by keyboard goes on from where they are.
  expect(await retry.evaluate((button) => button === document.activeElement)).toBe(true)
  await page.getByText("Delivered", { exact: true }).waitFor()
})

it("keeps the place of who has scrolled down while new rows come in above", async () => {
  const { tocsin } = here()
  const { name } = await tocsin.eventTypes.create({ name: "place.kept" })
  await tocsin.events.publishBatch(Array.from({ length: 60 }, (_, row) => ({ type: name, data: { row } })))
  const page = await signedIn(`/events?type=${name}`)
  await page.getByText("Live", { exact: true }).waitFor()
  const list = page.getByRole("region", { name: "Events" })
  const rows = page.getByRole("table", { name: "Events" }).getByRole("link")
  await rows.first().waitFor()
  await list.evaluate((element) => element.scrollTo(0, 880))
  const read = await list.evaluate((element) => {
    const { left, top } = element.getBoundingClientRect()
    return document
      .elementFromPoint(left + 40, top + 200)
      ?.closest("tr")
      ?.querySelector("a")
      ?.getAttribute("href")
  })
  const place = async () => (await page.locator(`a[href="${read}"]`).boundingBox())?.y
  const before = await place()
  await tocsin.events.publishBatch(Array.from({ length: 5 }, (_, row) => ({ type: name, data: { row } })))
  await expect.poll(() => page.getByRole("table", { name: "Events" }).getAttribute("aria-rowcount")).toBe("66")
  expect(await place()).toBe(before)
  // At the top it is the new ones that are looked for.
  await list.evaluate((element) => element.scrollTo(0, 0))
  const { id } = await tocsin.events.publish({ type: name, data: {} })
  await expect.poll(() => rows.first().getAttribute("href")).toBe(`/events/${id}`)
})

it("adds one webhook, however often the button is pressed while the answer and the next screen are slow", async () => {
  const { origin } = await ownReceiver()
  const page = await signedIn(`${webhooksPath}/new`)
  await page.route("**/assets/webhook-page*", async (route) => {
    await page.waitForTimeout(1_500)
    await route.continue()
  })
  await page.getByLabel("URL", { exact: true }).fill(`${origin}/once`)
  await page.getByLabel("Secret").fill("a-shared-secret")
  await page.getByRole("switch", { name: "Enable Verification" }).click()
  await page.getByRole("checkbox", { name: /scan\.completed/ }).check()
  const add = page.getByRole("button", { name: "Add Webhook" })
  const answered = page.waitForResponse((response) => response.request().method() === "POST")
  await add.click()
  await answered
  await add.click({ force: true, timeout: 1_000 }).catch(() => {})
  await page.getByRole("heading", { name: "/once" }).waitFor()
  const webhooks = (await here().tocsin.webhooks.list().page()).data.filter(({ url }) => url.endsWith("/once"))
  for (const { id } of webhooks) onTestFinished(() => here().tocsin.webhooks.delete(id))
  expect(webhooks).toHaveLength(1)
})

it("shows what turns the direction of writing as part of its own text alone, and large bodies laid out", async () => {
  const { tocsin } = here()
  const { name } = await tocsin.eventTypes.create({ name: "writing.turned" })
  const turned = "\u202eabc"
  const small = await tocsin.events.publish({ type: name, data: { turned, after: 1 } })
  const page = await signedIn(`/events/${small.id}`)
  const after = page
    .getByRole("region", { name: "Payload" })
    .locator("span")
    .filter({ hasText: /^"after"$/ })
  const colon = after.locator("xpath=following-sibling::span[1]")
  const leftOf = async (piece: typeof after) => (await piece.boundingBox())?.x ?? Number.NaN
  expect(await leftOf(after)).toBeLessThan(await leftOf(colon))

  const rows = Array.from({ length: 3_000 }, (_, row) => ({ row, text: "a text of some length", turned }))
  const large = await tocsin.events.publish({ type: name, data: { rows } })
  await page.goto(`${here().server.address}/events/${large.id}`)
  const payload = page.getByRole("region", { name: "Payload" })
  await expect.poll(() => payload.textContent()).toContain('\n        "row": 2999,\n')
  await page.getByRole("button", { name: "As sent" }).click()
  await expect.poll(() => payload.textContent()).toContain('"row":2999,')
})

it("draws a latency also where a single slice of the time has one", async () => {
  const receiver = await ownReceiver()
  const webhook = await added({ url: `${receiver.origin}/single` })
  await publish("scan.completed")
  await receiver.arrived(1)
  const page = await signedIn(`${webhooksPath}/${webhook.id}`)
  const plot = page.getByRole("img", { name: /^Half of the attempts took/ })
  // p99, drawn over the two others of the same value: nothing else there is of its colour.
  const coloured = () =>
    plot.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] }
      let pixels = 0
      for (let at = 0; at < data.length; at += 4) {
        const [red = 0, green = 0, blue = 0, alpha = 0] = data.slice(at, at + 4)
        if (alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 80) pixels += 1
      }
      return pixels
    })
  await expect.poll(coloured).toBeGreaterThan(4)
})

it("follows deliveries live until it is paused, and goes on from where it is", async () => {
  const receiver = await ownReceiver()
  await added({ url: `${receiver.origin}/live`, events: ["user.login"] })
  const page = await signedIn("/deliveries?type=user.login")
  await page.getByText("Live", { exact: true }).waitFor()
  await page.getByText("No delivery fits").waitFor()
  const rows = page.getByRole("table", { name: "Deliveries" }).getByRole("link")
  await publish("user.login")
  await expect.poll(() => rows.count()).toBe(1)
  await page.getByRole("button", { name: "Pause live tail" }).click()
  await publish("user.login")
  await receiver.arrived(2)
  // Longer than a tail takes to show what came.
  await page.waitForTimeout(2_500)
  expect(await rows.count()).toBe(1)
  // What came meanwhile is there at once, what comes from now on as it comes.
  await page.getByRole("button", { name: "Live tail" }).click()
  await expect.poll(() => rows.count()).toBe(2)
  await publish("user.login")
  await expect.poll(() => rows.count()).toBe(3)
})

it("lets go of what no longer fits the state that a live list is narrowed to", async () => {
  const receiver = await ownReceiver()
  receiver.reply(500)
  await added({
    url: `${receiver.origin}/leaves`,
    events: ["user.login"],
    retry_config: { initial_delay_seconds: 600 },
  })
  const page = await signedIn("/deliveries?type=user.login&status=retrying")
  await page.getByText("No delivery fits").waitFor()
  await publish("user.login")
  const rows = page.getByRole("table", { name: "Deliveries" }).getByRole("link")
  await expect.poll(() => rows.count()).toBe(1)
  receiver.reply(200)
  const [delivery] = (await here().tocsin.deliveries.list({ status: "retrying", event_type: "user.login" }).page()).data
  await here().tocsin.deliveries.retry(delivery?.id ?? "")
  await page.getByText("No delivery fits").waitFor()
})

it("shows each filter that a list is narrowed by, also for what no longer exists", async () => {
  const page = await signedIn("/deliveries?webhook=wh_deleted&type=deleted.type")
  await page.getByText("No delivery fits").waitFor()
  expect(await page.getByLabel("Webhook", { exact: true }).inputValue()).toBe("wh_deleted")
  expect(await page.getByLabel("Event type").inputValue()).toBe("deleted.type")
  await page.getByLabel("Webhook", { exact: true }).selectOption("Any webhook")
  await page.getByLabel("Event type").selectOption("Any type")
  await expect.poll(() => new URL(page.url()).search).toBe("")
})

it("narrows lists to a time of one's own choosing, which the address keeps", async () => {
  const receiver = await ownReceiver()
  await added({ url: `${receiver.origin}/time`, events: ["resource.changed"] })
  const id = await publish("resource.changed")
  await receiver.arrived(1)
  const page = await signedIn("/deliveries?type=resource.changed")
  const rows = page.getByRole("table", { name: "Deliveries" }).getByRole("link")
  await expect.poll(() => rows.count()).toBe(1)
  await page.getByLabel("Time", { exact: true }).selectOption("custom")
  const { accepted } = await here().tocsin.events.get(id)
  const berlin = (offsetMs: number) =>
    new Date(Date.parse(accepted) + offsetMs).toLocaleString("sv-SE", { timeZone: "Europe/Berlin" }).replace(" ", "T")
  await page.getByLabel("To", { exact: true }).fill(berlin(-60_000))
  await page.getByText("No delivery fits").waitFor()
  await page.getByLabel("From", { exact: true }).fill(berlin(-30_000))
  await page.getByText("The end is not after the start").waitFor()
  await page.getByLabel("To", { exact: true }).fill(berlin(60_000))
  await expect.poll(() => rows.count()).toBe(1)
  await page.reload()
  // Of a full minute it does not show the seconds.
  const from = await page.getByLabel("From", { exact: true }).inputValue()
  expect(from.padEnd(berlin(0).length, ":00")).toBe(berlin(-30_000))
  await expect.poll(() => rows.count()).toBe(1)
})

it("shows verification code in eight languages: the very files that are run against deliveries", async () => {
  const { origin } = await ownReceiver()
  const webhook = await added({ url: `${origin}/code` })
  const page = await signedIn(`${webhooksPath}/${webhook.id}?tab=code`)
  const files = {
    Node: "verify.mjs",
    Python: "verify.py",
    Go: "verify.go",
    Java: "Verify.java",
    Ruby: "verify.rb",
    PHP: "verify.php",
    "C#": "verify.cs",
    Rust: "rust/src/main.rs",
  }
  for (const [language, file] of Object.entries(files)) {
    await page.getByRole("button", { name: language, exact: true }).click()
    const code = readFileSync(new URL(`../../../../../docs/receiving/${file}`, import.meta.url), "utf8")
    await expect.poll(() => page.locator("main pre").first().textContent(), { message: language }).toBe(code)
  }
})
