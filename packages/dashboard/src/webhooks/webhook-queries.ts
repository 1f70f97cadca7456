import { useQuery } from "@tanstack/react-query"
import type { EventType, Webhook } from "@tocsin/client"
import { tocsin } from "../tocsin.ts"

/** A workspace has as many webhooks as people register: all of them fit in memory, page by page. */
export function useWebhooks() {
  return useQuery({
    queryKey: ["webhooks"],
    async queryFn({ signal }) {
      const all: Webhook[] = []
      for await (const webhook of tocsin.webhooks.list({ limit: 200 }, { signal })) all.push(webhook)
      return all
    },
  })
}

export function useWebhook(id: string) {
  return useQuery({ queryKey: ["webhook", id], queryFn: ({ signal }) => tocsin.webhooks.get(id, { signal }) })
}

export function useWebhookStats(id: string, window: string, points: number) {
  return useQuery({
    queryKey: ["webhook-stats", id, window, points],
    queryFn: ({ signal }) => tocsin.webhooks.stats(id, { window, points }, { signal }),
    staleTime: 30_000,
  })
}

/** The whole catalogue, Tocsin's own types included, by name. */
export function useCatalogue() {
  return useQuery({
    queryKey: ["event-types"],
    async queryFn({ signal }) {
      const all: EventType[] = []
      for await (const type of tocsin.eventTypes.list({ limit: 200 }, { signal })) all.push(type)
      for await (const type of tocsin.eventTypes.list({ origin: "tocsin" }, { signal })) all.push(type)
      return all.sort((one, other) => (one.name < other.name ? -1 : 1))
    },
    staleTime: 60_000,
  })
}
