import type { Inbox } from '@meepo/core'
import type { ActiveRun } from './active-run.ts'

/** Hands the mail of a run to its driver, and what came meanwhile as well. */
export async function readInbox(run: ActiveRun, inbox: Inbox): Promise<void> {
  run.isReadingMail = true
  try {
    while (run.hasMoreMail) {
      run.hasMoreMail = false
      run.driver.mail(await inbox.pending({ tenant: run.tenant }, run.runId))
    }
  } finally {
    run.isReadingMail = false
  }
}
