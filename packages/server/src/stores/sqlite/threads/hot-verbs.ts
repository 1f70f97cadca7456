import { Books, completeBooks } from "../books.ts"
import { prepareDataDirectory } from "../data-directory.ts"
import { openToWrite } from "../database.ts"
import { prepareAttemptsByMinute } from "../lanes/attempts-by-minute.ts"
import { prepareBacklogs } from "../lanes/backlogs.ts"
import { prepareNextDue } from "../lanes/next-due.ts"
import { prepareWaiting } from "../lanes/waiting.ts"
import { lockDirectory } from "../lock.ts"
import { migrate } from "../migrate.ts"
import { prepareVisibleWorkspace } from "../visible-workspace.ts"
import { prepareCommit } from "../writes/commit.ts"

export type HotOptions = { readonly directory: string; readonly sizeMaxBytes: number | null }

export type HotVerbs = ReturnType<typeof openHotVerbs>

/** What the dispatcher waits for: commits, and the short reads that fill lanes. The only connection that writes. */
export function openHotVerbs({ directory, sizeMaxBytes }: HotOptions) {
  const files = prepareDataDirectory(directory)
  const lock = lockDirectory(files)
  try {
    const db = openToWrite(files.database, sizeMaxBytes)
    migrate(db, directory)
    const visible = prepareVisibleWorkspace(db)
    const backlogs = prepareBacklogs(db)
    return {
      commit: prepareCommit(db, new Books(db)),
      waiting: prepareWaiting(db, visible),
      nextDue: prepareNextDue(db, visible),
      attemptsByMinute: prepareAttemptsByMinute(db, visible),
      backlogs: (_: null) => backlogs(),
      close: (_: null) => {
        try {
          completeBooks(db)
        } catch {
          // On a full disk: the next start finds the journal.
        }
        db.close()
        lock.close()
      },
    }
  } catch (error) {
    lock.close()
    throw error
  }
}
