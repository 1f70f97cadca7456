import { inputClass } from "./field.tsx"

/**
 * Narrows a list to one of several values, or to none of them. A value that is not among them, from a link or of something
 * that was deleted, is shown all the same: it must not look as if the list were whole.
 */
export function FilterSelect({
  label,
  any,
  options,
  value = "",
  choose,
}: {
  label: string
  any: string
  options: readonly (readonly [value: string, text: string])[]
  value: string | undefined
  choose: (value: string | undefined) => void
}) {
  const known = value === "" || options.some(([each]) => each === value)
  return (
    <select
      aria-label={label}
      className={inputClass}
      value={value}
      onChange={(event) => choose(event.target.value === "" ? undefined : event.target.value)}
    >
      <option value="">{any}</option>
      {!known && <option value={value}>{value}</option>}
      {options.map(([each, text]) => (
        <option key={each} value={each}>
          {text}
        </option>
      ))}
    </select>
  )
}
