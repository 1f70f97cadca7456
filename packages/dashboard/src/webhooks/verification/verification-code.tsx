import { useState } from "react"
import { Button } from "../../parts/button.tsx"
import { Code } from "../../parts/code.tsx"
import { Panel } from "../../parts/panel.tsx"
import { useSession } from "../../session/session.ts"
import { type Snippet, snippets } from "./snippets.ts"

/** Code to verify deliveries with, ready to paste, and which part of it the workspace's profile needs. */
export default function VerificationCode() {
  const [language, setLanguage] = useState("Node")
  const shown = snippets.find((each) => each.language === language)
  return (
    <Panel title="Verify what arrives" note="Before parsing: the signature covers the raw bytes">
      <fieldset className="mb-3 flex flex-wrap gap-1.5">
        <legend className="sr-only">Language</legend>
        {snippets.map((each) => (
          <Button
            key={each.language}
            small
            look={each.language === language ? "chosen" : "quiet"}
            aria-pressed={each.language === language}
            onClick={() => setLanguage(each.language)}
          >
            {each.language}
          </Button>
        ))}
      </fieldset>
      {shown && (
        <div className="space-y-3">
          <WhatToCall snippet={shown} />
          <Code text={shown.code} what={shown.file} tall />
          {shown.beside && <Code text={shown.beside.code} what={shown.beside.file} />}
        </div>
      )}
    </Panel>
  )
}

function WhatToCall({ snippet: { functions } }: { snippet: Snippet }) {
  const { profile } = useSession()
  const [ofBody, standard] = functions
  const own = profile.signature_header
  return (
    <dl className="grid gap-x-4 gap-y-1 rounded-md bg-info-ground p-3 text-sm sm:grid-cols-[max-content_1fr]">
      {own !== "webhook-signature" && (
        <>
          <dt className="font-mono text-xs leading-5 font-medium text-info">{ofBody}</dt>
          <dd>
            checks <code className="font-mono text-xs">{own}</code>. It says nothing about time: remember each{" "}
            <code className="font-mono text-xs">webhook-id</code>, or check the other too.
          </dd>
        </>
      )}
      <dt className="font-mono text-xs leading-5 font-medium text-info">{standard}</dt>
      <dd>
        checks <code className="font-mono text-xs">webhook-signature</code> and that it is no older than five minutes,
        so that nobody can send a recorded delivery again.
      </dd>
    </dl>
  )
}
