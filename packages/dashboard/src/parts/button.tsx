import { type ButtonHTMLAttributes, forwardRef } from "react"
import { joined } from "./joined.ts"

type Look = "primary" | "plain" | "quiet" | "chosen" | "danger"

const looks: Readonly<Record<Look, string>> = {
  primary: "bg-solid text-white hover:brightness-110 border-transparent",
  plain: "bg-raised text-ink border-line hover:border-edge",
  quiet: "border-transparent text-muted hover:text-ink hover:bg-idle-ground",
  chosen: "border-transparent bg-tint text-accent",
  danger: "bg-raised text-bad border-line hover:border-bad",
}

/** The same shape for links that act like buttons. */
export function buttonClass(look: Look = "plain", small = false): string {
  return joined(
    "inline-flex items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors",
    "disabled:opacity-60 disabled:cursor-default aria-disabled:opacity-60 aria-disabled:cursor-default",
    small ? "min-h-7 px-2 text-xs" : "min-h-8.5 px-3 text-sm",
    looks[look],
  )
}

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly look?: Look
  readonly small?: boolean
  /** Says so to assistive technology, and takes no second click; the focus stays, which a disabled button would lose. */
  readonly busy?: boolean
}

export const Button = forwardRef<HTMLButtonElement, Props>(function Button(
  { look = "plain", small = false, busy = false, className, onClick, ...rest },
  ref,
) {
  return (
    <button
      type="button"
      ref={ref}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      // What is prevented here is the form's being sent too, by Enter as by click.
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={joined(buttonClass(look, small), className)}
      {...rest}
    />
  )
})
