import type { IncomingHttpHeaders } from "node:http"

/** Pages send it; a form or an image on another site cannot, and a script there is stopped by CORS. */
export const pageHeader = "x-tocsin-page"

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"])

/**
 * Whether a request that carries a session cookie may come from a page that is not ours. `SameSite=Strict` keeps the
 * cookie from other sites already; this also holds against neighbours on the same site (another port, a subdomain) and
 * browsers that know no SameSite.
 *
 * @returns why it is refused, or null.
 * Source: W3C Fetch Metadata; RFC 6454 §7 (Origin).
 */
export function crossSite(method: string, headers: IncomingHttpHeaders): string | null {
  const site = headers["sec-fetch-site"]
  if (safeMethods.has(method)) {
    // "none": the reader typed the address.
    return site === undefined || site === "same-origin" || site === "none" ? null : `Sec-Fetch-Site is ${site}`
  }
  if (headers[pageHeader] === undefined) return `the header ${pageHeader} is missing`
  if (site !== undefined) return site === "same-origin" ? null : `Sec-Fetch-Site is ${site}`
  // Over plain HTTP, except on localhost, browsers send no Sec-Fetch-Site; Origin they always send with these methods.
  const { origin, host } = headers
  if (origin === undefined) return "neither Sec-Fetch-Site nor Origin says where it comes from"
  return URL.canParse(origin) && new URL(origin).host === host ? null : `Origin is ${origin.slice(0, 200)}`
}
