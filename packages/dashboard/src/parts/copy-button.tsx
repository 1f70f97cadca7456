import { useEffect, useState } from "react"
import { Button } from "./button.tsx"
import { Icon } from "./icons.tsx"

/** Copies a text and says so. @param what for its label: "Copy <what>". */
export function CopyButton({ text, what, label }: { text: string; what: string; label?: string }) {
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no")
  useEffect(() => {
    if (copied === "no") return
    const timer = setTimeout(() => setCopied("no"), 2_000)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = () =>
    copyText(text).then(
      () => setCopied("yes"),
      () => setCopied("failed"),
    )
  const said = { no: label ?? "Copy", yes: "Copied", failed: "Select and copy" }[copied]
  return (
    <Button look="quiet" small onClick={copy} aria-label={copied === "no" ? `Copy ${what}` : undefined}>
      <Icon name={copied === "yes" ? "check" : "copy"} width={14} height={14} />
      <span aria-live="polite">{said}</span>
    </Button>
  )
}

async function copyText(text: string): Promise<void> {
  // On plain HTTP browsers have no clipboard API; the old way still works there.
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement("textarea")
  area.value = text
  area.className = "fixed -top-40"
  document.body.append(area)
  area.select()
  const done = document.execCommand("copy")
  area.remove()
  if (!done) throw new Error("the browser does not let pages copy")
}
