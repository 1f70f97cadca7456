import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { postgresForThisFile } from "../../postgres/postgres-for-this-file.ts"
import { call } from "../api-calls.ts"
import { newDataDirectory, type RunningServer, spawnServer } from "../server-process.ts"
import { startNode } from "./nodes.ts"

const server = postgresForThisFile()

const withoutKey = { TOCSIN_ADMIN_KEY: undefined }

function printedKey({ output }: RunningServer): string | undefined {
  return /Admin key \(.*\): (\S+)/.exec(output.stdout)?.[1]
}

async function accepts({ address }: RunningServer, key: string): Promise<boolean> {
  return (await call(address, "GET", "/v1/workspaces", { key })).status === 200
}

test("nodes started without an admin key agree on one, which is printed once", { timeout: 120_000 }, async () => {
  const url = await server().freshDatabase()
  const nodes = await Promise.all([startNode(url, withoutKey), startNode(url, withoutKey)])
  const printed = nodes.flatMap((node) => printedKey(node) ?? [])
  expect(printed).toHaveLength(1)
  for (const node of nodes) expect(await accepts(node, printed[0] ?? "")).toBe(true)
  // One that is given replaces it for those that are started without.
  const given = "an-admin-key-of-the-operator"
  const told = await startNode(url, { TOCSIN_ADMIN_KEY: given })
  const later = await startNode(url, withoutKey)
  expect(printedKey(later)).toBeUndefined()
  for (const node of [told, later]) expect(await accepts(node, given)).toBe(true)
  expect(await accepts(later, printed[0] ?? "")).toBe(false)
  await Promise.all([...nodes, told, later].map((node) => node.kill("SIGKILL")))
})

test("a node with another encryption key does not start, though nothing is sealed yet; one that has both does", {
  timeout: 120_000,
}, async () => {
  const url = await server().freshDatabase()
  const [first, second] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")]
  const node = (keys: string) => ({
    TOCSIN_DATA_DIR: newDataDirectory(),
    TOCSIN_DATABASE_URL: url,
    TOCSIN_ENCRYPTION_KEY: keys,
  })
  const running = [await startNode(url, node(first))]
  const refused = spawnServer(node(second))
  await expect(refused.listening).rejects.toThrow(
    /tocsin: TOCSIN_ENCRYPTION_KEY: the nodes of this database and the secrets in it have another key\. Set it to that key, .*\n/,
  )
  expect(await refused.stopped).toMatchObject({ code: 1 })
  running.push(await startNode(url, node(`${second},${first}`)), await startNode(url, node(second)))
  await Promise.all(running.map((each) => each.kill("SIGKILL")))
})
