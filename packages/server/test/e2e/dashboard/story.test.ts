import { expect, it } from "vitest"
import { Tocsin, verifyCyberVault } from "../../../../client/src/index.ts"
import { adminKey } from "../server-process.ts"
import { dashboard } from "./dashboard-browser.ts"

const { here, openPage, signedIn } = dashboard("cybervault")

/** The sample of the document. */
const threat = {
  threat_id: "thr_94x2k1",
  severity: "critical",
  source_ip: "203.0.113.42",
  target_asset: "prod-db-01.cybervault.internal",
  vector: "sql_injection",
  confidence: 0.98,
  mitre_id: "T1190",
}

it("goes as the CyberVault document says, and on to a failure that is understood and mended", async () => {
  const { receiver, tocsin } = here()
  const page = await signedIn()

  // Navigate to Settings → Integrations → Webhooks. Click Add Webhook, paste your URL, and select the events.
  await page.getByText("Settings › Integrations").first().waitFor()
  await page.getByRole("link", { name: "Webhooks", exact: true }).click()
  await page.getByRole("link", { name: "Add Webhook" }).first().click()
  await page.getByLabel("URL").fill(`${receiver.origin}/hook`)
  await page.getByRole("checkbox", { name: /threat\.detected/ }).check()
  await page.getByRole("checkbox", { name: /incident\.created/ }).check()
  await page.getByRole("textbox", { name: "Attempts" }).fill("1")

  // Toggle Enable Verification to receive a test payload: it is on from the start.
  expect(await page.getByRole("switch", { name: "Enable Verification" }).getAttribute("aria-checked")).toBe("true")
  await page.getByRole("button", { name: "Add Webhook" }).click()

  // The secret was left out, so it is generated and shown this once.
  const dialog = page.getByRole("dialog", { name: "Keep this secret" })
  const secret = (await dialog.locator("pre").textContent()) ?? ""
  expect(secret).toMatch(/^\S{8,}$/)
  await dialog.getByRole("button", { name: "I have kept it" }).click()

  // The test payload arrives, signed with that secret, and is seen on both sides.
  const [verification] = await receiver.arrived(1)
  if (!verification) throw new Error("no verification payload came")
  expect(verification.header("X-CyberVault-Test")).toBe("true")
  await verifyCyberVault({ body: verification.body, headers: Object.fromEntries(verification.headerList) }, { secret })
  await page.getByText("The endpoint accepted it").waitFor()
  await page.getByText("Request body").waitFor()
  await page.getByText("Active", { exact: true }).first().waitFor()

  // Break the receiver; what was published fails.
  receiver.reply({ status: 500, body: "<h1>database is down</h1><script>globalThis.broken = 1</script>" })
  const published = await tocsin.events.publish({ type: "threat.detected", data: threat })
  await receiver.arrived(2)

  // The log says why, and what to do.
  await page.getByRole("link", { name: "Deliveries", exact: true }).first().click()
  await page.getByRole("table", { name: "Deliveries" }).getByText("Exhausted").waitFor()
  await page.getByRole("link", { name: "threat.detected" }).click()
  await page
    .getByText(/work on it afterwards; look in the endpoint's own log/)
    .first()
    .waitFor()
  await page.getByText("non_2xx").first().waitFor()
  // A receiver's body is text, whatever it says.
  await page.getByText("<h1>database is down</h1>").waitFor()
  expect(await page.getByRole("heading", { name: "database is down" }).count()).toBe(0)
  expect(await page.evaluate(() => "broken" in globalThis)).toBe(false)
  await page.getByRole("link", { name: published.id }).waitFor()

  // Mend it, retry.
  receiver.reply({ status: 200, body: "thank you" })
  await page.getByRole("button", { name: "Retry now" }).click()
  const received = await receiver.arrived(3)
  expect(received[2]?.text).toBe(received[1]?.text)
  await page.getByText("Attempt 2", { exact: true }).waitFor()
  await page.getByText("Delivered", { exact: true }).first().waitFor()

  // Replay: the same event again, with progress.
  await page.getByRole("link", { name: `${new URL(receiver.origin).host}/hook` }).click()
  await page.getByRole("link", { name: "Replay" }).click()
  await page.getByLabel("Which").selectOption("all")
  await page.getByRole("button", { name: "Start replay" }).click()
  await page.getByText("Completed").waitFor()
  const replayed = await receiver.arrived(4)
  expect(replayed[3]?.text).toBe(received[1]?.text)
  expect(replayed[3]?.header("webhook-id")).toBe(received[1]?.header("webhook-id"))

  // The event knows both of its deliveries.
  await page.goto(`${here().server.address}/events/${published.id}`)
  await page.getByText("Matched", { exact: true }).waitFor()
  await expect.poll(() => page.getByText("Delivered", { exact: true }).count()).toBe(2)
})

it("says what is wrong at the field, and keeps what was typed", async () => {
  const page = await signedIn("/settings/integrations/webhooks/new")
  await page.getByLabel("URL").fill("https://10.0.0.1/hook")
  await page.getByLabel("Timeout (s)").fill("60")
  await page.getByRole("button", { name: "Add Webhook" }).click()
  const url = page.getByLabel("URL")
  await expect.poll(() => url.getAttribute("aria-invalid")).toBe("true")
  const about = (await url.getAttribute("aria-describedby")) ?? ""
  expect(await page.locator(`[id="${about}"]`).textContent()).toMatch(/private|not allowed|blocked|address/i)
  expect(await url.evaluate((field) => field === document.activeElement)).toBe(true)
  expect(await page.getByLabel("Timeout (s)").getAttribute("aria-invalid")).toBe("true")
  await page.getByText(/must not be empty/).waitFor()
  expect(await url.inputValue()).toBe("https://10.0.0.1/hook")

  // So it is where the session has ended meanwhile, in words for people.
  await page.context().clearCookies()
  await page.getByRole("button", { name: "Add Webhook" }).click()
  await page.getByText("The session has ended. Sign in again").waitFor()
  expect(await url.inputValue()).toBe("https://10.0.0.1/hook")
})

it("signs in with a cookie that no script sees, and out for good", async () => {
  const page = await openPage("/deliveries")
  await page.getByLabel("API key").fill("tk_wrong")
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByText("The API key is not known").waitFor()
  await page.getByLabel("API key").fill(here().key)
  await page.getByRole("button", { name: "Sign in" }).click()
  // The address that was asked for is where it goes on.
  await page.getByRole("heading", { name: "Deliveries" }).waitFor()

  const kept = await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }))
  expect(kept).toBe("{}")
  const [cookie, ...others] = await page.context().cookies()
  expect(others).toEqual([])
  expect(cookie).toMatchObject({ name: "tocsin_session", httpOnly: true, sameSite: "Strict" })
  expect(await page.content()).not.toContain(here().key)

  await page.getByRole("button", { name: "Sign out" }).click()
  await page.getByLabel("API key").waitFor()
  expect(await page.context().cookies()).toEqual([])
})

it("shows nothing of one workspace under the name of another, when the next person signs in with another key", async () => {
  const { tocsin, receiver, server } = here()
  const webhook = await tocsin.webhooks.create({ url: `${receiver.origin}/first-workspace`, events: ["*"] })
  const page = await signedIn("/settings/integrations/webhooks")
  const old = page.getByRole("link", { name: /first-workspace/ })
  await old.waitFor()
  await page.context().clearCookies()
  await page.getByRole("link", { name: "API keys" }).click()
  const other = await new Tocsin({ baseUrl: server.address, apiKey: adminKey }).workspaces.create({
    name: "umbrella",
    profile: "standard",
  })
  // An answer that is slow to come: what is known from before is all there is to show.
  await page.route("**/v1/webhooks?**", () => {})
  await page.getByLabel("API key").fill(other.api_key.key)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByText("umbrella").last().waitFor()
  await page.getByRole("link", { name: "Webhooks", exact: true }).click()
  await page.getByText("Loading…").waitFor()
  expect(await old.count()).toBe(0)
  await tocsin.webhooks.delete(webhook.id)
})

it("says that it is not live while the stream is away, and then shows what happened meanwhile", async () => {
  const { tocsin } = here()
  const { name } = await tocsin.eventTypes.create({ name: "stream.away" })
  const page = await openPage(`/events?type=${name}`)
  let calls = 0
  const away = Promise.withResolvers<void>()
  await page.route("**/v1/stream", async (route) => {
    calls += 1
    if (calls === 1) return route.fulfill({ contentType: "text/event-stream", body: "retry: 1000\n\n" })
    await away.promise
    return route.continue()
  })
  await page.getByLabel("API key").fill(here().key)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByText("No event fits").waitFor()
  await expect.poll(() => calls).toBe(2)
  await page.getByText("Connecting…").waitFor()
  const { id } = await tocsin.events.publish({ type: name, data: {} })
  away.resolve()
  await page.locator(`a[href="/events/${id}"]`).waitFor()
  await page.getByText("Live", { exact: true }).waitFor()
})

it("takes in what happens while somebody looks", async () => {
  const { receiver, tocsin } = here()
  receiver.reply(200)
  const page = await signedIn("/events")
  await page.getByText("Live", { exact: true }).waitFor()
  const { id } = await tocsin.events
    .publish({ type: "incident.created", data: { incident_id: "inc_1", severity: "high", title: "x", status: "open" } })
    .catch(async () => {
      const type = await tocsin.eventTypes.get("incident.created")
      return tocsin.events.publish({ type: type.name, data: type.sample ?? {} })
    })
  await page.locator(`a[href="/events/${id}"]`).waitFor()
})

it("keeps a long list smooth: few rows in the document, the rest page by page", async () => {
  const { tocsin } = here()
  const type = await tocsin.eventTypes.create({ name: "load.row" })
  await tocsin.events.publishBatch(Array.from({ length: 700 }, (_, row) => ({ type: type.name, data: { row } })))
  const page = await signedIn("/events?type=load.row")
  const table = page.getByRole("table", { name: "Events" })
  await table.getByRole("link").first().waitFor()
  const list = page.getByRole("region", { name: "Events" })
  await expect
    .poll(
      async () => {
        await list.evaluate((element) => element.scrollTo(0, element.scrollHeight))
        return table.getAttribute("aria-rowcount")
      },
      { timeout: 20_000 },
    )
    .toBe("701")
  expect(await table.getByRole("row").count()).toBeLessThan(60)
})
