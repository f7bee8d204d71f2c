import { Command, Option } from 'commander'
import type { RunSummary, Store } from '@meepo/core'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

/** `meepo cancel` */
export function cancelCommand(): Command {
  return new Command('cancel')
    .description('Ask a run, and everything below it, to end. Durable when the command ends.')
    .argument('<run>', 'the id of the run')
    .addOption(new Option('--reason <text>', 'why, for the log').default('cancelled from the command line'))
    .addOption(shared.config())
    .action(cancel)
}

async function cancel(runId: string, flags: { reason: string; config?: string }): Promise<void> {
  const { withStore } = await import('../session.ts')
  const when = await withStore(flags.config, async ({ engine, store }) => {
    await engine.handle(runId).cancel(flags.reason)
    return whoEnds(store, await store.log.run('system', runId))
  })
  terminal.err(`cancel of ${runId} is recorded; ${when}\n`)
}

async function whoEnds(store: Store, run: RunSummary): Promise<string> {
  const { missingCode } = await import('../missing-code.ts')
  if (run.owner !== undefined) return `${run.owner} ends it`
  if ((await store.leases.engines()).length === 0) return 'no process works on this store: the next one ends it'
  const missing = (await missingCode(store))(run)
  return missing === undefined
    ? 'the next process that takes it ends it'
    : `nobody has ${missing}: any process ends it soon`
}
