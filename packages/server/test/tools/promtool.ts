import { found } from "./debian.ts"
import { fetchedTool, fromDebian } from "./fetched-tools.ts"

/** Prometheus' own checker of rules and expositions: the machine's, else Debian's. @throws Error of one line when it cannot be had */
export async function promtool(): Promise<string> {
  return found("promtool") ?? fetchedTool(fromDebian("prometheus", "usr/bin/promtool"), "promtool")
}
