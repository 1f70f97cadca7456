import { type ReactNode, useMemo, useState } from "react"
import { Button } from "./button.tsx"
import { CopyButton } from "./copy-button.tsx"
import { isJson, laidOut, linesOf, type Piece } from "./json-text.ts"
import { scrollable } from "./scrollable.ts"

const colours: Readonly<Record<Piece["kind"], string>> = {
  plain: "text-muted",
  uncoloured: "",
  name: "text-accent",
  string: "text-good",
  number: "text-info",
  word: "text-warn",
}

/** Above this many characters colours would cost more than they show. */
const colouredMax = 100_000

/**
 * Text as it is, to be read and copied. It may come from anybody: it is only ever put into text nodes.
 *
 * @param what for labels: "Request body".
 */
export function Code({
  text,
  what,
  actions,
  tall = false,
}: {
  text: string
  what: string
  actions?: ReactNode
  tall?: boolean
}) {
  const json = useMemo(() => text !== "" && isJson(text), [text])
  const [asSent, setAsSent] = useState(false)
  const pieces = useMemo(() => {
    if (!json || asSent) return null
    return text.length <= colouredMax ? laidOut(text) : linesOf(laidOut(text))
  }, [json, asSent, text])
  return (
    <figure className="min-w-0 overflow-hidden rounded-md border border-line bg-sunken">
      <figcaption className="flex min-h-8 items-center gap-2 border-b border-line pr-1 pl-3 text-xs text-muted">
        <span className="mr-auto">{what}</span>
        {actions}
        {json && (
          <Button look="quiet" small aria-pressed={asSent} onClick={() => setAsSent(!asSent)}>
            As sent
          </Button>
        )}
        {text !== "" && <CopyButton text={text} what={what.toLowerCase()} />}
      </figcaption>
      <section aria-label={what} {...scrollable} className={`${tall ? "max-h-[34rem]" : "max-h-72"} overflow-auto`}>
        <pre className="p-3 font-mono text-xs leading-relaxed wrap-anywhere whitespace-pre-wrap">
          {text === "" ? (
            <span className="text-muted">(empty)</span>
          ) : pieces === null ? (
            text
          ) : (
            pieces.map((piece) => (
              // Each by itself: a character that turns the writing's direction in one must not turn what follows.
              <span key={piece.at} className={`${colours[piece.kind]} [unicode-bidi:isolate]`}>
                {piece.text}
              </span>
            ))
          )}
        </pre>
      </section>
    </figure>
  )
}
