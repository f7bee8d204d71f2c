import type { Inbox, Mail, RunId } from '@meepo/core'
import type { ActiveRun } from './active-run.ts'

/** Hands the mail of runs to their drivers, and what came meanwhile as well. */
export class MailReader {
  readonly #inbox: Inbox
  readonly #active: ReadonlyMap<RunId, ActiveRun>
  readonly #isEarly: (mail: Mail) => boolean
  readonly #tell: (thrown: unknown, runId: RunId) => void

  constructor(
    inbox: Inbox,
    active: ReadonlyMap<RunId, ActiveRun>,
    /** Such mail stays in the inbox: whoever says so has it read again. */
    isEarly: (mail: Mail) => boolean,
    tell: (thrown: unknown, runId: RunId) => void,
  ) {
    this.#inbox = inbox
    this.#active = active
    this.#isEarly = isEarly
    this.#tell = tell
  }

  /** These have mail. */
  arrived(runIds: readonly RunId[]): void {
    for (const runId of runIds) {
      const run = this.#active.get(runId)
      if (run) this.read(run)
    }
  }

  read(run: ActiveRun): void {
    run.hasMoreMail = true
    if (run.isReadingMail) return
    this.#readAll(run).catch((thrown: unknown) => {
      // Nobody tells of this mail a second time: the next tick reads again.
      run.hasMoreMail = true
      this.#tell(thrown, run.runId)
    })
  }

  async #readAll(run: ActiveRun): Promise<void> {
    run.isReadingMail = true
    try {
      while (run.hasMoreMail) {
        run.hasMoreMail = false
        const pending = await this.#inbox.pending({ tenant: run.tenant }, run.runId)
        run.driver.mail(pending.filter((mail) => !this.#isEarly(mail)))
      }
    } finally {
      run.isReadingMail = false
    }
  }
}
