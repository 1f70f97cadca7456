import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent, redirect } from "@tanstack/react-router"
import { Frame } from "./layout/frame.tsx"
import { Overview } from "./overview/overview.tsx"
import { Empty, Failed, Waiting } from "./parts/states.tsx"

const root = createRootRoute({
  component: Frame,
  notFoundComponent: () => (
    <Empty icon="alert" title="There is no such screen">
      <Link to="/">Go to the overview</Link>
    </Empty>
  ),
})

const webhooks = "/settings/integrations/webhooks"
const toWebhooks = () => {
  throw redirect({ to: webhooks })
}

/** Screens other than the first are loaded when they are gone to. */
const routes = [
  createRoute({ getParentRoute: () => root, path: "/", component: Overview }),
  createRoute({
    getParentRoute: () => root,
    path: "/sign-in",
    beforeLoad: () => {
      throw redirect({ to: "/" })
    },
  }),
  createRoute({ getParentRoute: () => root, path: "/settings", beforeLoad: toWebhooks }),
  createRoute({ getParentRoute: () => root, path: "/settings/integrations", beforeLoad: toWebhooks }),
  screen(webhooks, () => import("./webhooks/webhook-list.tsx"), "WebhookList"),
  screen(`${webhooks}/new`, () => import("./webhooks/add-webhook.tsx"), "AddWebhook"),
  screen(`${webhooks}/$id`, () => import("./webhooks/webhook-page.tsx"), "WebhookPage"),
  screen(`${webhooks}/$id/edit`, () => import("./webhooks/edit-webhook.tsx"), "EditWebhook"),
  screen("/deliveries", () => import("./deliveries/delivery-list.tsx"), "DeliveryList"),
  screen("/deliveries/$id", () => import("./deliveries/delivery-page.tsx"), "DeliveryPage"),
  screen("/events", () => import("./events/event-list.tsx"), "EventList"),
  screen("/events/$id", () => import("./events/event-page.tsx"), "EventPage"),
  screen("/event-types", () => import("./event-types/event-type-list.tsx"), "EventTypeList"),
  screen("/event-types/$name", () => import("./event-types/event-type-page.tsx"), "EventTypePage"),
  screen("/api-keys", () => import("./api-keys/api-key-list.tsx"), "ApiKeyList"),
  screen("/audit-log", () => import("./audit-log/audit-log.tsx"), "AuditLog"),
  screen("/reference", () => import("./reference/reference.tsx"), "Reference"),
]

function screen<const Path extends string, Name extends string>(
  path: Path,
  load: () => Promise<Record<Name, () => React.ReactNode>>,
  name: Name,
) {
  return createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load, name) })
}

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultPendingComponent: Waiting,
  defaultErrorComponent: ({ error, reset }) => <Failed error={error} again={reset} />,
  // Plain texts: an id made of digits must not become a number.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch(search) {
    const given = Object.entries(search).filter(([, value]) => typeof value === "string" && value !== "")
    return given.length === 0 ? "" : `?${new URLSearchParams(given)}`
  },
})
