import type { ReactNode } from "react"
import { Code } from "../parts/code.tsx"
import { Dialog } from "../parts/dialog.tsx"

/** A generated secret, this one time. */
export function SecretOnce({ secret, onClose, footer }: { secret: string; onClose: () => void; footer: ReactNode }) {
  return (
    <Dialog title="Keep this secret" onClose={onClose} footer={footer}>
      <p>
        It is shown this once. Put it into your endpoint's configuration, where it verifies the signature of every
        delivery.
      </p>
      <Code text={secret} what="Secret" />
    </Dialog>
  )
}
