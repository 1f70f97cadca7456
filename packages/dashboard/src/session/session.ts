import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query"
import type { Scope, Session } from "@tocsin/client"
import { createContext, useContext } from "react"
import { needsSignIn, tocsin } from "../tocsin.ts"

/**
 * Forgets what was read with another key before this session is shown: it may be another workspace's, and must not stand
 * under this one's name, not even until it is read again.
 */
export function takeUp(queries: QueryClient, session: Session): Session {
  const before = queries.getQueryData<Session | null>(["session"])
  if (before?.key.id !== session.key.id)
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" })
  return session
}

/** The present session; null when nobody is signed in. */
export function useSessionQuery() {
  const queries = useQueryClient()
  return useQuery({
    queryKey: ["session"],
    queryFn: async ({ signal }): Promise<Session | null> => {
      try {
        return takeUp(queries, await tocsin.sessions.current({ signal }))
      } catch (error) {
        if (needsSignIn(error)) return null
        throw error
      }
    },
    staleTime: 60_000,
    // In another tab somebody may have signed in to another workspace, for which the cookie then speaks here as well.
    refetchOnWindowFocus: "always",
  })
}

export const SessionContext = createContext<Session | null>(null)

/** For screens, which are shown to people who are signed in. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === null) throw new Error("this screen is shown without a session")
  return session
}

/** Whether the key may do it. The server decides; this only spares a person a button that would be refused. */
export function useMay(scope: Scope): boolean {
  return useSession().key.scopes.includes(scope)
}
