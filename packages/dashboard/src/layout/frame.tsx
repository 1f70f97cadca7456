import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link, Outlet, useRouter } from "@tanstack/react-router"
import { useEffect, useState } from "react"
import { useLive } from "../live/activity.tsx"
import { Badge } from "../parts/badge.tsx"
import { Button } from "../parts/button.tsx"
import { Icon, type IconName } from "../parts/icons.tsx"
import { joined } from "../parts/joined.ts"
import { useSession } from "../session/session.ts"
import { tocsin } from "../tocsin.ts"
import { Bell } from "./bell.tsx"
import { chooseTheme, type Theme, useTheme } from "./theme.ts"

type Entry = readonly [to: string, icon: IconName, text: string]

const watching: readonly Entry[] = [
  ["/", "overview", "Overview"],
  ["/deliveries", "deliveries", "Deliveries"],
  ["/events", "events", "Events"],
  ["/event-types", "types", "Event types"],
]
const integrations: readonly Entry[] = [["/settings/integrations/webhooks", "webhooks", "Webhooks"]]
const rest: readonly Entry[] = [
  ["/api-keys", "keys", "API keys"],
  ["/audit-log", "audit", "Audit log"],
  ["/reference", "reference", "API reference"],
]

/** Head, navigation and the place of the screen. */
export function Frame() {
  const router = useRouter()
  const [open, setOpen] = useState(false)
  // Wherever one goes, the menu has done its work; also when it is to where one is, and when it is back.
  useEffect(() => router.subscribe("onBeforeLoad", () => setOpen(false)), [router])
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[14rem_minmax(0,1fr)]">
      <a
        href="#screen"
        className="absolute -top-20 left-2 z-50 rounded-md bg-solid px-3 py-2 text-sm text-white focus:top-2"
      >
        Skip to the screen
      </a>
      <div className="sticky top-0 z-30 flex h-12 items-center gap-2 border-b border-line bg-surface px-3 lg:hidden">
        <Button look="quiet" aria-label="Menu" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "cross" : "menu"} />
        </Button>
        <Bell size={22} />
        <WorkspaceName />
      </div>
      <aside
        className={joined(
          "border-r border-line bg-surface lg:sticky lg:top-0 lg:block lg:h-dvh",
          open ? "fixed inset-x-0 top-12 bottom-0 z-20 overflow-auto" : "hidden",
        )}
      >
        <div className="flex h-full flex-col p-3">
          <div className="mb-3 hidden items-center gap-2 px-1.5 pt-1 lg:flex">
            <Bell size={24} />
            <WorkspaceName />
          </div>
          <nav aria-label="Main" className="flex-1 space-y-4 overflow-auto p-0.5">
            <Entries entries={watching} />
            <Entries heading="Settings › Integrations" entries={integrations} />
            <Entries heading="Workspace" entries={rest} />
          </nav>
          <Foot />
        </div>
      </aside>
      <main id="screen" tabIndex={-1} className="mx-auto w-full max-w-[90rem] min-w-0 p-4 outline-none sm:p-6">
        <Outlet />
      </main>
    </div>
  )
}

function WorkspaceName() {
  const { workspace, profile } = useSession()
  return (
    <div className="min-w-0 leading-tight">
      <p className="truncate text-sm font-semibold" title={`${workspace.name} (${workspace.id})`}>
        {workspace.name}
      </p>
      <p className="truncate text-xs text-muted">{profile.title}</p>
    </div>
  )
}

function Entries({ heading, entries }: { heading?: string; entries: readonly Entry[] }) {
  return (
    <div>
      {heading !== undefined && <p className="mb-1 px-2 text-xs font-medium text-muted">{heading}</p>}
      <ul className="space-y-0.5">
        {entries.map(([to, icon, text]) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact: to === "/", includeSearch: false }}
              className="flex min-h-8 items-center gap-2.5 rounded-md px-2 text-sm"
              activeProps={{ className: "bg-tint font-medium text-accent" }}
              inactiveProps={{ className: "text-muted hover:bg-idle-ground hover:text-ink" }}
            >
              <Icon name={icon} />
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Foot() {
  const { key } = useSession()
  const queries = useQueryClient()
  const live = useLive()
  const signOut = useMutation({
    mutationFn: () => tocsin.sessions.end(),
    onSuccess() {
      queries.setQueryData(["session"], null)
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" })
    },
  })
  return (
    <div className="mt-3 space-y-2 border-t border-line px-1 pt-3">
      <div className="flex items-center justify-between gap-2">
        <Badge tone={live ? "good" : "idle"}>{live ? "Live" : "Connecting…"}</Badge>
        <ThemeChoice />
      </div>
      <div className="flex items-center justify-between gap-2">
        <p className="min-w-0 truncate text-xs text-muted" title={`${key.name} (${key.prefix}…)`}>
          {key.name}
        </p>
        <Button look="quiet" small busy={signOut.isPending} onClick={() => signOut.mutate()}>
          <Icon name="leave" width={14} height={14} />
          Sign out
        </Button>
      </div>
    </div>
  )
}

const themes: readonly (readonly [Theme, IconName, string])[] = [
  ["system", "screen", "As the system"],
  ["light", "sun", "Light"],
  ["dark", "moon", "Dark"],
]

function ThemeChoice() {
  const { chosen } = useTheme()
  return (
    <fieldset className="flex rounded-md border border-line">
      <legend className="sr-only">Colours</legend>
      {themes.map(([theme, icon, text]) => (
        <button
          key={theme}
          type="button"
          title={text}
          aria-label={text}
          aria-pressed={chosen === theme}
          onClick={() => chooseTheme(theme)}
          className={joined(
            "grid size-7 place-items-center rounded-md",
            chosen === theme ? "bg-tint text-accent" : "text-muted",
          )}
        >
          <Icon name={icon} width={14} height={14} />
        </button>
      ))}
    </fieldset>
  )
}
