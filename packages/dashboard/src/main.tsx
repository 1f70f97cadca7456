import "./styles.css"
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { applyTheme } from "./layout/theme.ts"
import { router } from "./router.tsx"
import { SessionGate } from "./session/session-gate.tsx"
import { needsSignIn } from "./tocsin.ts"

applyTheme()

const queries = new QueryClient({
  queryCache: new QueryCache({
    onError(error) {
      if (needsSignIn(error)) queries.setQueryData(["session"], null)
    },
  }),
  // The client itself tries again, where that can help.
  defaultOptions: { queries: { retry: false, staleTime: 5_000 }, mutations: { retry: false } },
})

const root = document.getElementById("root")
if (!root) throw new Error("the page has no place for the screens")
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <SessionGate>
        <RouterProvider router={router} />
      </SessionGate>
    </QueryClientProvider>
  </StrictMode>,
)
