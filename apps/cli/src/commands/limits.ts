import { Command } from 'commander'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface LimitsFlags {
  readonly config?: string
  readonly json?: boolean
}

/** `meepo limits` */
export function limitsCommand(): Command {
  return new Command('limits')
    .description('Show what limits have left now, who waits for them, and how often calls waited or were refused.')
    .addOption(shared.config())
    .addOption(shared.json('levels, sums and who waits'))
    .action(limits)
}

async function limits({ config, json }: LimitsFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const { limitsTables } = await import('../render/limits-table.ts')
  const view = await withStore(config, async ({ store }) => store.counters.inspect())
  if (json === true) terminal.out(`${JSON.stringify(view, undefined, 2)}\n`)
  else if (view.buckets.length + view.tallies.length === 0) terminal.err('no limit was used\n')
  else terminal.out(limitsTables(terminal, view))
}
