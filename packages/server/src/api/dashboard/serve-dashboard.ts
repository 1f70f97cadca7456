import { existsSync } from "node:fs"
import { join } from "node:path"
import files from "@fastify/static"
import type { FastifyReply } from "fastify"
import type { Api } from "../api-parts.ts"
import { dashboardPaths } from "./dashboard-paths.ts"

/**
 * Nothing inline, nothing from elsewhere. Receivers' bodies are shown in these pages: should one ever be taken for
 * markup, it could still load and run nothing.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ")

export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": contentSecurityPolicy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

/** A year: the names of these files change with their content. */
const assetCaching = "public, max-age=31536000, immutable"

/**
 * Serves the built dashboard. Its own paths all answer with the one page, which then shows the right screen.
 *
 * @param directory where the build lies (`packages/dashboard/dist`).
 */
export function serveDashboard(api: Api, directory: string): void {
  api.register(files, { root: directory, serve: false, preCompressed: true, cacheControl: false, index: false })
  const config = { access: "anyone", limited: false } as const
  const page = async (_request: unknown, reply: FastifyReply) => {
    reply.headers(pageHeaders).header("cache-control", "no-cache")
    // Looked for each time: a build may end while the server runs.
    if (existsSync(join(directory, "index.html"))) return reply.sendFile("index.html")
    return reply.code(503).type("text/html; charset=utf-8").send(notBuilt)
  }
  for (const path of dashboardPaths) api.get(path, { schema: { hide: true }, config }, page)
  api.get("/assets/*", { schema: { hide: true }, config }, async (request, reply) => {
    const { pathname } = new URL(request.url, "http://localhost")
    reply.header("x-content-type-options", "nosniff").header("cache-control", assetCaching)
    return reply.sendFile(pathname.slice(1))
  })
  api.get("/favicon.svg", { schema: { hide: true }, config }, async (_request, reply) =>
    reply.headers(pageHeaders).header("cache-control", "public, max-age=86400").sendFile("favicon.svg"),
  )
}

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tocsin</title><h1>The dashboard is not built</h1><p>Run <code>npm start</code>, or <code>npm run build</code> beside a server that runs. The API works without it.</p></html>`
