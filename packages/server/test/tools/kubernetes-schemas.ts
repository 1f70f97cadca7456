import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Ajv2020 } from "ajv/dist/2020.js"
import { fetchedTool, fromPyPi } from "./fetched-tools.ts"

type KubernetesObject = { readonly [name: string]: unknown }

/** What one object has that Kubernetes does not take: empty when it is good. */
type Check = (object: KubernetesObject) => readonly string[]

/**
 * Kubernetes' own schemas of a version (such as `1.32`), in which a field that it does not know is a mistake, as the
 * package kubernetes-validate publishes them.
 *
 * @throws Error of one line when they cannot be had
 */
export async function kubernetesSchemas(version: string): Promise<Check> {
  const schemas = `kubernetes_validate/kubernetes-json-schema/v${version}.0-local-strict`
  const wheels = ["85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9"]
  const definitions = `${schemas}/_definitions.json`
  const path = await fetchedTool(fromPyPi("kubernetes-validate", "1.37.0", definitions, wheels), "Kubernetes' schemas")
  const read = (name: string): object => JSON.parse(readFileSync(join(path, "..", name), "utf8"))
  return (object) => {
    // Their formats are of numbers, which JSON Schema leaves to the reader.
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
    const fits = ajv.addSchema(read("_definitions.json")).compile(read(schemaFile(object)))
    if (fits(object)) return []
    return (fits.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    )
  }
}

/** `apps/v1` `Deployment` is in `deployment-apps-v1.json`; of `networking.k8s.io` only the first word counts. */
function schemaFile({ apiVersion, kind }: KubernetesObject): string {
  const group = String(apiVersion).replace(/^([^./]*)(?:\.[^/]*)?\//, "$1-")
  return `${String(kind).toLowerCase()}-${group}.json`
}
