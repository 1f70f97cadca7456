import type { ReactNode } from "react"
import { LiveActivity } from "../live/activity.tsx"
import { Failed, Waiting } from "../parts/states.tsx"
import { SessionContext, useSessionQuery } from "./session.ts"
import { SignIn } from "./sign-in.tsx"

/** Shows the screens to who is signed in, and the sign-in to who is not; the address stays what was asked for. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { data: session, error, refetch } = useSessionQuery()
  if (session === undefined) {
    return <main>{error ? <Failed error={error} again={() => refetch()} /> : <Waiting className="h-dvh" />}</main>
  }
  if (session === null) return <SignIn />
  return (
    <SessionContext value={session}>
      {/* Another session is another stream and other screens. */}
      <LiveActivity key={session.key.id}>{children}</LiveActivity>
    </SessionContext>
  )
}
