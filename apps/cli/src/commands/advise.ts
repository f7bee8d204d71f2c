import { Command, Option } from 'commander'
import type { Advice } from '@meepo/gateway'
import { shared } from '../options.ts'
import { terminal } from '../terminal.ts'
import { dayOf, parseWhen, type When } from './cost.ts'

interface AdviseFlags {
  readonly since?: When
  readonly tenant?: string
  readonly config?: string
  readonly json?: boolean
}

const monthMs = 30 * 86_400_000

/** `meepo advise` */
export function adviseCommand(): Command {
  return new Command('advise')
    .description('Say how to spend less, with the amounts that the books show and the queries that prove them.')
    .addOption(
      new Option('--since <when>', 'look at calls from this day (UTC) on: 2026-11-01, or 7d; else 30 days').argParser(
        parseWhen,
      ),
    )
    .addOption(new Option('--tenant <name>', 'only calls of this tenant'))
    .addOption(shared.config())
    .addOption(shared.json('the advice'))
    .action(advise)
}

async function advise({ since, tenant, config, json }: AdviseFlags): Promise<void> {
  const { adviceTable } = await import('../render/advice-table.ts')
  const to = Date.now()
  const from = since === undefined ? to - monthMs : Date.parse(`${dayOf(since, to)}T00:00:00Z`)
  const found = await read(config, tenant, from, to)
  if (json === true) terminal.out(`${JSON.stringify({ from, to, advice: found }, undefined, 2)}\n`)
  else if (found.length === 0) terminal.err('nothing to advise\n')
  else terminal.out(adviceTable(terminal, found))
}

async function read(
  named: string | undefined,
  tenant: string | undefined,
  from: number,
  to: number,
): Promise<readonly Advice[]> {
  const { withStore } = await import('../session.ts')
  const { loadConfigIfAny } = await import('../config/load-config.ts')
  const gateway = await import('@meepo/gateway')
  const { config } = await loadConfigIfAny(named)
  const options = {
    prices: await gateway.openPrices(config.prices ?? {}),
    from,
    to,
    ...gateway.adviceSettings(config),
  }
  const scope = tenant === undefined ? 'system' : { tenant }
  return await withStore(named, ({ store }) => gateway.advise(store.money, scope, options))
}
