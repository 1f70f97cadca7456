import { useMutation, useQueryClient } from "@tanstack/react-query"
import { TocsinProblem } from "@tocsin/client"
import { type FormEvent, useRef } from "react"
import { Bell } from "../layout/bell.tsx"
import { Button } from "../parts/button.tsx"
import { TextField } from "../parts/field.tsx"
import { tocsin, told } from "../tocsin.ts"
import { takeUp } from "./session.ts"

/** Here a 401 is of the key that was given, and not of a session. */
function refusal(error: unknown): string {
  return error instanceof TocsinProblem ? `${error.title}. ${error.detail}` : told(error)
}

/** The key goes to the server once, for a cookie that no script can read; it is kept nowhere here. */
export function SignIn() {
  const queries = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const signIn = useMutation({
    mutationFn: (key: string) => tocsin.sessions.start(key),
    onSuccess(session) {
      form.current?.reset()
      queries.setQueryData(["session"], takeUp(queries, session))
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const key = new FormData(event.currentTarget).get("key")
    if (typeof key === "string" && key.trim() !== "") signIn.mutate(key.trim())
  }
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center justify-center gap-2.5">
          <Bell />
          <h1 className="text-xl font-semibold tracking-tight">Tocsin</h1>
        </div>
        <form ref={form} onSubmit={submit} className="space-y-4 rounded-lg border border-line bg-surface p-5">
          <TextField
            label="API key"
            name="key"
            type="password"
            required
            autoFocus
            placeholder="tk_…"
            flaws={signIn.isError ? [refusal(signIn.error)] : []}
            hint="A workspace's key. It is exchanged for a session cookie and not kept in this browser."
          />
          <Button look="primary" type="submit" busy={signIn.isPending} className="w-full">
            Sign in
          </Button>
        </form>
        <p className="mt-4 text-center text-xs text-muted">
          No key yet? The operator makes a workspace with <code className="font-mono">POST /v1/workspaces</code>, which
          answers with its first one.
        </p>
      </div>
    </main>
  )
}
