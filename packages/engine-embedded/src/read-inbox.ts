import type { Inbox, Mail } from '@meepo/core'
import type { ActiveRun } from './active-run.ts'

/**
 * Hands the mail of a run to its driver, and what came meanwhile as well. Mail that `isEarly` stays in the inbox: whoever
 * says so has it read again.
 */
export async function readInbox(run: ActiveRun, inbox: Inbox, isEarly: (mail: Mail) => boolean): Promise<void> {
  run.isReadingMail = true
  try {
    while (run.hasMoreMail) {
      run.hasMoreMail = false
      const pending = await inbox.pending({ tenant: run.tenant }, run.runId)
      run.driver.mail(pending.filter((mail) => !isEarly(mail)))
    }
  } finally {
    run.isReadingMail = false
  }
}
