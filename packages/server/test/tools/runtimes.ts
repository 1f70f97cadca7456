import { spawnSync } from "node:child_process"
import { fetchedTool, fromNpm } from "./fetched-tools.ts"

/** The machine's own Bun, else one from npm. @throws Error of one line when it cannot be had */
export async function bun(): Promise<string> {
  return found("bun") ?? fetchedTool(fromNpm("1.4.5", "bin/bun", bunPlatforms), "Bun")
}

/** The machine's own Deno, else one from npm. @throws Error of one line when it cannot be had */
export async function deno(): Promise<string> {
  return found("deno") ?? fetchedTool(fromNpm("2.9.6", "deno", denoPlatforms), "Deno")
}

function found(command: string): string | null {
  return spawnSync(command, ["--version"], { timeout: 20_000 }).status === 0 ? command : null
}

// The build that asks nothing special of the processor.
const bunPlatforms = {
  "linux-x64": {
    name: "@oven/bun-linux-x64-baseline",
    integrity: "sha512-s8yMwYcFnnrA178gji0gZbkE2WVDej/Ti1x770oPfihxyRxSMNhGhiAQNXV53aDeraZxksdvKV/RAdQBCd0qPA==",
  },
  "linux-arm64": {
    name: "@oven/bun-linux-aarch64",
    integrity: "sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==",
  },
  "darwin-arm64": {
    name: "@oven/bun-darwin-aarch64",
    integrity: "sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==",
  },
}

const denoPlatforms = {
  "linux-x64": {
    name: "@deno/linux-x64-glibc",
    integrity: "sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
  },
}
