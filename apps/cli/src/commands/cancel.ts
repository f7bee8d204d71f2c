import { Command, Option } from 'commander'
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
  const { owner } = await withStore(flags.config, async ({ engine, store }) => {
    await engine.handle(runId).cancel(flags.reason)
    return store.log.run('system', runId)
  })
  const when = owner === undefined ? 'nobody drives it now: it ends when it is next resumed' : `${owner} ends it`
  terminal.err(`cancel of ${runId} is recorded; ${when}\n`)
}
