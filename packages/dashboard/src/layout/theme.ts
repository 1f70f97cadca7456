import { useSyncExternalStore } from "react"

/** `system` follows the machine. */
export type Theme = "system" | "light" | "dark"

const stored = "tocsin.theme"
const dark = matchMedia("(prefers-color-scheme: dark)")
const listeners = new Set<() => void>()
let chosen = read()
let snapshot = present()

function read(): Theme {
  try {
    const value = localStorage.getItem(stored)
    return value === "light" || value === "dark" ? value : "system"
  } catch {
    // Storage may be forbidden: the choice then lasts as long as the page.
    return "system"
  }
}

function present(): { readonly chosen: Theme; readonly resolved: "light" | "dark" } {
  return { chosen, resolved: chosen === "system" ? (dark.matches ? "dark" : "light") : chosen }
}

/** Puts the theme on the document; called before anything is drawn. */
export function applyTheme(): void {
  if (chosen === "system") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}

export function chooseTheme(theme: Theme): void {
  chosen = theme
  try {
    localStorage.setItem(stored, theme)
  } catch {
    // As above.
  }
  changed()
}

function changed(): void {
  applyTheme()
  snapshot = present()
  for (const listener of listeners) listener()
}

dark.addEventListener("change", changed)

export function useTheme(): { readonly chosen: Theme; readonly resolved: "light" | "dark" } {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => snapshot,
  )
}
