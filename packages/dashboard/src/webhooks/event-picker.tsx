import type { EventType } from "@tocsin/client"
import { useId, useMemo, useState } from "react"
import { Button } from "../parts/button.tsx"
import { Code } from "../parts/code.tsx"
import { Flaws, inputClass } from "../parts/field.tsx"
import { Icon } from "../parts/icons.tsx"
import { SeverityBadge } from "../parts/status-badges.tsx"

/**
 * Subscriptions chosen from the catalogue, by group; families (`policy.*`) and `*` cover types that are yet to come, but
 * not what Tocsin tells of its own work: that is chosen beside them.
 */
export function EventPicker({
  catalogue,
  chosen,
  onChange,
  flaws,
}: {
  catalogue: readonly EventType[]
  chosen: readonly string[]
  onChange: (chosen: readonly string[]) => void
  flaws: readonly string[]
}) {
  const id = useId()
  const [search, setSearch] = useState("")
  const [sample, setSample] = useState<string | null>(null)
  const groups = useMemo(() => {
    const wanted = search.trim().toLowerCase()
    const found = catalogue.filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(wanted))
    return [...Map.groupBy(found, ({ group }) => group)].toSorted(([a], [b]) => a.localeCompare(b))
  }, [catalogue, search])
  const all = chosen.includes("*")
  const mustBeNamed = useMemo(
    () => new Set(catalogue.filter(({ origin }) => origin === "tocsin").map(({ name }) => name)),
    [catalogue],
  )
  const families = chosen.filter((each) => each.endsWith(".*"))
  const byFamily = (name: string) =>
    !mustBeNamed.has(name) && families.some((family) => name.startsWith(family.slice(0, -1)))
  const named = chosen.filter((each) => mustBeNamed.has(each))
  const set = (names: readonly string[], on: boolean) => {
    const kept = chosen.filter((each) => !names.includes(each))
    onChange(on ? [...kept, ...names] : kept)
  }
  return (
    <fieldset aria-describedby={`${id}-flaws`}>
      <legend className="mb-1 text-sm font-medium">Events</legend>
      <div className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-2">
        <label className="clickable flex items-center gap-2 text-sm">
          <input
            type="checkbox"
            className="size-4 accent-solid"
            checked={all}
            onChange={(event) => onChange(event.target.checked ? ["*", ...named] : named)}
          />
          All events, also types to come <code className="font-mono text-xs text-muted">*</code>
        </label>
        <input
          type="search"
          aria-label="Search events"
          placeholder="Search events"
          className={`${inputClass} ml-auto max-w-56`}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {families.length > 0 && (
        <ul aria-label="Families" className="mb-2 flex flex-wrap gap-2">
          {families.map((family) => (
            <li key={family} className="flex items-center rounded-md bg-tint pl-2 text-xs text-accent">
              <code className="font-mono">{family}</code>
              <Button look="quiet" small aria-label={`Remove ${family}`} onClick={() => set([family], false)}>
                <Icon name="cross" width={12} height={12} />
              </Button>
            </li>
          ))}
        </ul>
      )}
      <div id={`${id}-flaws`}>
        <Flaws flaws={flaws} />
      </div>
      <div className="space-y-3">
        {groups.map(([group, types]) => {
          const names = types.map(({ name }) => name)
          const every = names.every((name) => chosen.includes(name))
          const covered = all && !names.some((name) => mustBeNamed.has(name))
          return (
            <section key={group} className="rounded-md border border-line">
              <header className="flex items-center justify-between border-b border-line bg-sunken px-3 py-1">
                <h3 className="text-xs font-semibold">{group}</h3>
                <Button look="quiet" small disabled={covered} onClick={() => set(names, !every)}>
                  {every ? "None" : "All"} of {group}
                </Button>
              </header>
              <ul className="divide-y divide-line">
                {types.map((type) => (
                  <li key={type.name} className="px-3 py-2">
                    <div className="flex items-start gap-3">
                      <label className="clickable flex min-w-0 flex-1 items-start gap-2.5">
                        <input
                          type="checkbox"
                          className="mt-0.5 size-4 shrink-0 accent-solid"
                          checked={covered || byFamily(type.name) || chosen.includes(type.name)}
                          disabled={covered || byFamily(type.name)}
                          onChange={(event) => set([type.name], event.target.checked)}
                        />
                        <span className="min-w-0">
                          <span className="block font-mono text-xs font-medium wrap-anywhere">{type.name}</span>
                          <span className="block text-xs text-muted">{type.description}</span>
                        </span>
                      </label>
                      {type.severity !== null && <SeverityBadge severity={type.severity} />}
                      <Button
                        look="quiet"
                        small
                        aria-expanded={sample === type.name}
                        aria-label={`Sample of ${type.name}`}
                        onClick={() => setSample(sample === type.name ? null : type.name)}
                      >
                        Sample
                      </Button>
                    </div>
                    {sample === type.name && (
                      <div className="mt-2">
                        <Code text={JSON.stringify(type.sample)} what="Sample of data" />
                      </div>
                    )}
                  </li>
                ))}
              </ul>
            </section>
          )
        })}
      </div>
    </fieldset>
  )
}
