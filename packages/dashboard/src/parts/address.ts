import { useNavigate, useParams, useSearch } from "@tanstack/react-router"

/** A part of the path, such as an id. */
export function usePathPart(name: string): string {
  const parts: Readonly<Record<string, unknown>> = useParams({ strict: false })
  const part = parts[name]
  if (typeof part !== "string") throw new Error(`this screen's path has no ${name}`)
  return part
}

/** What stands in the address after `?`: filters and tabs live there, so that they can be linked to and gone back to. */
export function useAddress(): readonly [
  Readonly<Record<string, string | undefined>>,
  (changes: Readonly<Record<string, string | undefined>>) => void,
] {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false })
  const navigate = useNavigate()
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(search)) if (typeof value === "string") texts[name] = value
  return [texts, (changes) => void navigate({ to: ".", search: { ...texts, ...changes }, replace: true })]
}
