import { Command, Option } from 'commander'
import { formatCount } from '../render/format.ts'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface EraseFlags {
  readonly subject: string
  readonly config?: string
  readonly json?: boolean
}

/** `meepo erase` */
export function eraseCommand(): Command {
  return new Command('erase')
    .description(
      'Remove what is known of one subject: its runs, their copies, its name in the books. Cannot be undone.',
    )
    .addOption(new Option('--subject <scope>', 'user:NAME, session:ID or tag:KEY=VALUE').makeOptionMandatory())
    .addOption(shared.config())
    .addOption(shared.json('the receipt'))
    .action(erase)
}

async function erase({ subject, config, json }: EraseFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const receipt = await withStore(config, (meepo) => meepo.erase(subject))
  if (json === true) {
    terminal.out(`${JSON.stringify(receipt, undefined, 2)}\n`)
    return
  }
  const { runs, ledgerLines, archived, alias } = receipt
  const removed = [formatCount(runs, 'run'), formatCount(archived, 'archived object')].join(' and ')
  terminal.err(`removed ${removed}; ${formatCount(ledgerLines, 'line')} of the ledger now name ${alias}\n`)
}
