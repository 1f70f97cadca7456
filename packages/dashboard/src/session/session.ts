import { useQuery } from "@tanstack/react-query"
import type { Scope, Session } from "@tocsin/client"
import { createContext, useContext } from "react"
import { needsSignIn, tocsin } from "../tocsin.ts"

/** The present session; null when nobody is signed in. */
export function useSessionQuery() {
  return useQuery({
    queryKey: ["session"],
    queryFn: async ({ signal }): Promise<Session | null> => {
      try {
        return await tocsin.sessions.current({ signal })
      } catch (error) {
        if (needsSignIn(error)) return null
        throw error
      }
    },
    staleTime: 60_000,
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
