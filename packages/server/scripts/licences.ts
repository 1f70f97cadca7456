import lock from "../../../package-lock.json" with { type: "json" }
import { refusedLicences, shippedPackages } from "./shipped-packages.ts"

/** `npm run licences`: what is shipped, under which licence. It fails at one that nobody has looked at. */
const shipped = shippedPackages(lock)
process.stdout.write(shipped.map(({ name, version, licence }) => `${name}\t${version}\t${licence}\n`).join(""))
const refused = refusedLicences(shipped)
if (refused.length > 0) {
  process.stderr.write(`Not looked at yet: ${refused.map(({ name, licence }) => `${name} (${licence})`).join(", ")}\n`)
  process.exitCode = 1
}
