import { useQueryClient } from "@tanstack/react-query"
import type { Activity } from "@tocsin/client"
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react"
import { needsSignIn, tocsin } from "../tocsin.ts"

/** Null: the stream has begun anew, and what happened before is in the lists alone. */
type Listener = (activity: Activity | null) => void
type Feed = { readonly connected: boolean; readonly listen: (listener: Listener) => () => void }

const FeedContext = createContext<Feed>({ connected: false, listen: () => () => {} })

/** Lists that show what happens are read again, but not more often than this. */
const refreshEveryMs = 1_500

/** Keys of the queries that an activity makes old. */
const outdated = [["overview"], ["webhooks"], ["webhook"], ["webhook-stats"], ["delivery"], ["event-matches"]]

/** One stream for the whole page: who shows something live listens here. */
export function LiveActivity({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const listeners = useRef(new Set<Listener>())
  const [connected, setConnected] = useState(false)
  useEffect(() => {
    const stop = new AbortController()
    const refresh = paced(() => {
      for (const queryKey of outdated) queries.invalidateQueries({ queryKey })
    }, refreshEveryMs)
    const watch = async () => {
      const tell = (activity: Activity | null) => {
        for (const listener of listeners.current) listener(activity)
        refresh.soon()
      }
      const onConnected = () => {
        setConnected(true)
        tell(null)
      }
      const onDisconnected = () => setConnected(false)
      for await (const activity of tocsin.stream({ signal: stop.signal, onConnected, onDisconnected })) tell(activity)
    }
    watch().catch((error: unknown) => {
      setConnected(false)
      if (needsSignIn(error)) queries.invalidateQueries({ queryKey: ["session"] })
    })
    return () => {
      stop.abort()
      refresh.cancel()
    }
  }, [queries])
  const [feed] = useState(() => ({
    listen(listener: Listener) {
      listeners.current.add(listener)
      return () => listeners.current.delete(listener)
    },
  }))
  return <FeedContext value={{ connected, listen: feed.listen }}>{children}</FeedContext>
}

export function useLive(): boolean {
  return useContext(FeedContext).connected
}

/** Calls for each activity, while `on`. */
export function useActivity(listener: Listener, on = true): void {
  const { listen } = useContext(FeedContext)
  const latest = useRef(listener)
  latest.current = listener
  useEffect(() => (on ? listen((activity) => latest.current(activity)) : undefined), [listen, on])
}

/** Calls at once, then at most every so often, and never forgets the last time it was asked. */
export function paced(call: () => void, everyMs: number): { soon: () => void; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let lastMs = 0
  const run = () => {
    timer = undefined
    lastMs = Date.now()
    call()
  }
  return {
    soon() {
      timer ??= setTimeout(run, Math.max(0, lastMs + everyMs - Date.now()))
    },
    cancel() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
