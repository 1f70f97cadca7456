import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react"
import { joined } from "./joined.ts"

export const inputClass = joined(
  "min-h-8.5 w-full min-w-0 rounded-md border border-edge bg-surface px-2.5 py-1 text-sm text-ink",
  "placeholder:text-muted aria-invalid:border-bad disabled:opacity-60",
)

type Described = {
  readonly label: string
  readonly hint?: ReactNode
  /** What is wrong with it, as the server said. */
  readonly flaws?: readonly string[]
}

/** A labelled control with its hint, and what is wrong with it in the same place. */
export function Field({
  label,
  hint,
  flaws = [],
  children,
}: Described & {
  children: (ids: { id: string; "aria-describedby": string; "aria-invalid": boolean | undefined }) => ReactNode
}) {
  const id = useId()
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      {children({ id, "aria-describedby": `${id}-about`, "aria-invalid": flaws.length > 0 || undefined })}
      <div id={`${id}-about`} className="mt-1 text-xs">
        <Flaws flaws={flaws} />
        {hint !== undefined && <p className="text-muted">{hint}</p>}
      </div>
    </div>
  )
}

export function Flaws({ flaws }: { flaws: readonly string[] }) {
  return flaws.map((flaw) => (
    <p key={flaw} className="text-xs font-medium text-bad" data-flaw="">
      {flaw}
    </p>
  ))
}

export function TextField({ label, hint, flaws, ...input }: Described & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field label={label} hint={hint} {...(flaws && { flaws })}>
      {(ids) => <input type="text" className={inputClass} autoComplete="off" spellCheck={false} {...input} {...ids} />}
    </Field>
  )
}

/** For texts of several lines that machines read, such as PEM. */
export function TextAreaField({
  label,
  hint,
  flaws,
  ...area
}: Described & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Field label={label} hint={hint} {...(flaws && { flaws })}>
      {(ids) => (
        <textarea
          rows={3}
          className={joined(inputClass, "block resize-y font-mono text-xs")}
          autoComplete="off"
          spellCheck={false}
          {...area}
          {...ids}
        />
      )}
    </Field>
  )
}

export function SelectField({ label, hint, flaws, ...select }: Described & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <Field label={label} hint={hint} {...(flaws && { flaws })}>
      {(ids) => <select className={inputClass} {...select} {...ids} />}
    </Field>
  )
}

export function Toggle({
  label,
  hint,
  checked,
  onChange,
}: {
  label: string
  hint?: ReactNode
  checked: boolean
  onChange: (checked: boolean) => void
}) {
  const id = useId()
  return (
    <div className="flex items-start gap-3">
      <button
        type="button"
        role="switch"
        aria-checked={checked}
        aria-labelledby={`${id}-label`}
        aria-describedby={`${id}-hint`}
        onClick={() => onChange(!checked)}
        className={joined(
          "mt-0.5 flex h-5 w-9 shrink-0 items-center rounded-full border p-0.5 transition-colors",
          checked ? "border-transparent bg-solid" : "border-edge bg-sunken",
        )}
      >
        <span
          className={joined(
            "size-3.5 rounded-full transition-transform",
            checked ? "translate-x-4 bg-white" : "bg-muted",
          )}
        />
      </button>
      <span>
        <span id={`${id}-label`} className="block text-sm font-medium">
          {label}
        </span>
        <span id={`${id}-hint`} className="block text-xs text-muted">
          {hint}
        </span>
      </span>
    </div>
  )
}
