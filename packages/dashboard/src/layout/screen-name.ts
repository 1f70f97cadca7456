import { useEffect } from "react"

const product = "Tocsin"

/** Names the present screen in the browser's tabs, its history and to who hears the page (WCAG 2.4.2). */
export function useScreenName(name: string): void {
  useEffect(() => {
    document.title = `${name} · ${product}`
    return () => {
      document.title = product
    }
  }, [name])
}
