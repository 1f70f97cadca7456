import type { Keys } from "../../secrets/key-files.ts"
import { SealBroken, sealerFor } from "../../secrets/sealing.ts"
import { Failed } from "../running/failures.ts"

/**
 * Opens every secret before anything is written: a server could not start with one that it cannot open.
 *
 * @param told what the secrets are, what was not done for that, and what to do.
 * @throws Failed when one was sealed with a key that is not among these
 */
export function refuseOtherKeys(
  sealed: readonly string[],
  [present, ...retired]: Keys,
  told: { readonly secrets: string; readonly notDone: string; readonly remedy: string },
): void {
  const sealer = sealerFor(present, retired)
  try {
    for (const each of sealed) sealer.open(each)
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    throw new Failed(
      `${told.secrets} were sealed with another encryption key (${error.message}). ${told.notDone}. ${told.remedy}.`,
      "failed",
      { cause: error },
    )
  }
}
