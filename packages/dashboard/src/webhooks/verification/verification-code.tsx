import { useState } from "react"
import { Button } from "../../parts/button.tsx"
import { Code } from "../../parts/code.tsx"
import { Panel } from "../../parts/panel.tsx"
import { useSession } from "../../session/session.ts"
import { hexSignature } from "./hex-signature.ts"
import type { Snippet } from "./snippet.ts"
import { standardSignature } from "./standard-signature.ts"

/** Code for the workspace's profile, ready to paste. */
export default function VerificationCode() {
  const { workspace, profile } = useSession()
  const snippets =
    workspace.profile === "standard"
      ? standardSignature
      : hexSignature(profile.signature_header, prefix(workspace.profile))
  const [language, setLanguage] = useState("Node")
  const shown: Snippet | undefined = snippets.find((each) => each.language === language)
  return (
    <Panel
      title="Verify what arrives"
      note={
        <>
          Checks <code className="font-mono">{profile.signature_header}</code> over the raw body; the secret is in the
          variable WEBHOOK_SECRET
        </>
      }
    >
      <fieldset className="mb-3 flex flex-wrap gap-1.5">
        <legend className="sr-only">Language</legend>
        {snippets.map((each) => (
          <Button
            key={each.language}
            small
            look={each.language === language ? "primary" : "plain"}
            aria-pressed={each.language === language}
            onClick={() => setLanguage(each.language)}
          >
            {each.language}
          </Button>
        ))}
      </fieldset>
      {shown && <Code text={shown.code} what={`Verification in ${shown.language}`} tall />}
      {workspace.profile !== "standard" && (
        <p className="mt-3 max-w-prose text-sm text-muted">
          This signature says nothing about time. To refuse what was recorded and sent again, remember each{" "}
          <code className="font-mono">webhook-id</code>, or verify <code className="font-mono">webhook-signature</code>{" "}
          with a Standard Webhooks library: it is on every delivery too.
        </p>
      )}
    </Panel>
  )
}

function prefix(profile: string): string {
  return profile === "policycortex" ? "sha256=" : ""
}
