import type { EventType, Publication } from "@tocsin/client"

const hourMs = 3_600_000

/** How many events of a type there are for one of the rarest. What is not here Tocsin publishes itself, or nobody. */
const weights: Readonly<Record<string, number>> = {
  "resource.changed": 22,
  "policy.violation.created": 18,
  "user.login": 16,
  "resource.discovered": 10,
  "policy.violation.resolved": 10,
  "scan.completed": 6,
  "compliance.status.changed": 5,
  "compliance.report.generated": 4,
  "policy.enforcement.failed": 3,
  "user.policy.exemption": 2,
  "policy.deployment.completed": 2,
  "user.role.changed": 1,
  "scan.failed": 1,
  "compliance.audit.started": 1,
  "pipeline.blocked": 1,
}

const resources = [
  "arn:aws:s3:::payments-archive",
  "arn:aws:s3:::customer-exports",
  "arn:aws:iam::123456789012:role/deploy",
  "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0a41c9",
  "arn:aws:rds:eu-west-1:123456789012:db:ledger",
  "/subscriptions/7f3a/resourceGroups/core/providers/Microsoft.Storage/storageAccounts/reports",
  "/subscriptions/7f3a/resourceGroups/web/providers/Microsoft.KeyVault/vaults/prod-keys",
  "projects/analytics/zones/europe-west1-b/instances/etl-3",
] as const
const severities = ["LOW", "LOW", "MEDIUM", "MEDIUM", "HIGH", "HIGH", "CRITICAL"] as const
const environments = ["production", "production", "production", "staging", "development"] as const

/** Events a minute, so long before the demo's present: as many as there ever are now, and few half a day ago. */
function eventsPerMinute(agoMs: number): number {
  const hours = agoMs / hourMs
  // The nightly scan finds much at once.
  if (hours > 11 && hours < 11.3) return 40
  return 4.5 + 3 * Math.cos((hours / 24) * 2 * Math.PI) + 0.6 * Math.sin(hours * 3)
}

/** What is published at one moment: often several, for one change breaks several policies. */
export function eventsTogether(types: readonly EventType[], atMs: number): readonly Publication[] {
  const count = Math.random() < 0.35 ? 2 + Math.floor(Math.random() * 5) : 1
  return Array.from({ length: count }, () => eventOf(types, atMs))
}

/** How long until the next such moment. */
export function pauseMsAfter(published: number, agoMs: number): number {
  return Math.round((60_000 / eventsPerMinute(agoMs)) * published * (0.4 + 1.2 * Math.random()))
}

/** One of the catalogue's samples, with the particulars of that moment. */
function eventOf(types: readonly EventType[], atMs: number): Publication {
  const type = types[drawn(types)]
  if (!type) throw new Error("the catalogue is empty")
  return { type: type.name, data: varied(type.sample ?? {}, atMs) }
}

function drawn(types: readonly EventType[]): number {
  const weightOf = ({ name }: EventType) => weights[name] ?? 0
  let left = Math.random() * types.reduce((sum, type) => sum + weightOf(type), 0)
  return Math.max(
    0,
    types.findIndex((type) => {
      left -= weightOf(type)
      return left < 0
    }),
  )
}

/** Other ids, resources, severities and times than the sample's, so that filters have something to do. */
function varied(sample: object, atMs: number): object {
  const resource = pick(resources)
  const now = new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z")
  return JSON.parse(
    JSON.stringify(sample, (name, value: unknown) => {
      if (typeof value !== "string") return value
      if (name === "severity") return pick(severities)
      if (name === "environment") return pick(environments)
      if (name === "resource_id" || (name === "id" && value.startsWith("arn:"))) return resource
      if (/_at$/.test(name)) return now
      if (/^[a-z]+_[0-9a-f]{12,}$/.test(value)) return value.replace(/[0-9a-f]{12,}$/, otherDigits)
      return value
    }),
  )
}

function otherDigits(digits: string): string {
  return digits.replace(/./g, () => Math.floor(Math.random() * 16).toString(16))
}

function pick<Item>(items: readonly [Item, ...Item[]]): Item {
  return items[Math.floor(Math.random() * items.length)] ?? items[0]
}
