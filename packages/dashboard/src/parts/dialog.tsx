import { type ReactNode, useEffect, useId, useRef } from "react"
import { Button } from "./button.tsx"
import { Icon } from "./icons.tsx"

/** A modal dialog: the browser's own, which keeps the focus inside and gives it back. */
export function Dialog({
  title,
  onClose,
  children,
  footer,
}: {
  title: string
  onClose: () => void
  children: ReactNode
  footer?: ReactNode
}) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    if (dialog && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      className="m-auto max-h-[85dvh] w-[min(36rem,calc(100vw-2rem))] rounded-lg border border-line bg-raised p-0 text-ink shadow-2xl"
    >
      <header className="flex items-center justify-between border-b border-line px-4 py-3">
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        <Button look="quiet" small aria-label="Close" onClick={onClose}>
          <Icon name="cross" />
        </Button>
      </header>
      <div className="space-y-4 p-4 text-sm">{children}</div>
      {footer !== undefined && (
        <footer className="flex justify-end gap-2 border-t border-line px-4 py-3">{footer}</footer>
      )}
    </dialog>
  )
}
