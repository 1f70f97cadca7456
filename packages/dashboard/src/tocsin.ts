import { Tocsin, TocsinProblem } from "@tocsin/client"

/** All data goes through here. The session's cookie authorises; the header says that a page of ours asks. */
export const tocsin = new Tocsin({
  baseUrl: location.origin,
  credentials: "same-origin",
  headers: { "x-tocsin-page": "1" },
  retries: 2,
})

/** Whether signing in is what helps. */
export function needsSignIn(error: unknown): boolean {
  return error instanceof TocsinProblem && error.status === 401
}

/** What to tell a person of a failure: what happened, and what to do. */
export function told(error: unknown): string {
  // The API's own words are for programs: they speak of headers.
  if (needsSignIn(error)) return "The session has ended. Sign in again in another tab, then repeat this here."
  if (error instanceof TocsinProblem) return `${error.title}. ${error.detail}`
  return error instanceof Error ? error.message : "Something failed for a reason that is not known."
}

/** What is wrong with the whole at a pointer, and not with one of its members. */
export function flawsOf(error: unknown, pointer: string): readonly string[] {
  if (!(error instanceof TocsinProblem)) return []
  return error.errors.filter((flaw) => flaw.pointer === pointer).map(({ detail }) => detail)
}

/** What is wrong with the field at a pointer, or inside it. */
export function flawsAt(error: unknown, pointer: string): readonly string[] {
  if (!(error instanceof TocsinProblem)) return []
  return error.errors
    .filter((flaw) => flaw.pointer === pointer || flaw.pointer.startsWith(`${pointer}/`))
    .map((flaw) => (flaw.pointer === pointer ? flaw.detail : `${lastOf(flaw.pointer)}: ${flaw.detail}`))
}

function lastOf(pointer: string): string {
  return (pointer.split("/").at(-1) ?? "").replaceAll("~1", "/").replaceAll("~0", "~")
}
