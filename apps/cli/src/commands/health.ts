import { Command, Option } from 'commander'
import type { HealthBoard } from '@meepo/core'
import type { TargetHealth } from '@meepo/gateway'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface HealthFlags {
  readonly reset?: string
  readonly config?: string
  readonly json?: boolean
}

/** `meepo health` */
export function healthCommand(): Command {
  return new Command('health')
    .description('List the providers, keys and models that failed: which are left out, why and until when.')
    .addOption(
      new Option(
        '--reset <provider>',
        'take all rows of this provider for healthy again, after a key or a model was repaired',
      ),
    )
    .addOption(shared.config())
    .addOption(shared.json('the rows'))
    .action(health)
}

async function health({ reset, config, json }: HealthFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const { describeHealth } = await import('@meepo/gateway')
  const { healthTable } = await import('../render/health-table.ts')
  const rows = await withStore(config, async ({ store }): Promise<readonly TargetHealth[]> => {
    if (reset !== undefined) await forgive(store.health, reset)
    return describeHealth(await store.health.read(), Date.now())
  })
  if (json === true) terminal.out(`${JSON.stringify(rows, undefined, 2)}\n`)
  else if (rows.length === 0) terminal.err('nothing failed yet\n')
  else terminal.out(healthTable(rows, Date.now()))
}

/** Whoever writes a row at the same time knows more: its row stays. */
async function forgive(board: HealthBoard, provider: string): Promise<void> {
  for (const row of await board.read()) {
    if (row.key.startsWith(`${provider}/`)) await board.write({ ...row, state: {} })
  }
}
