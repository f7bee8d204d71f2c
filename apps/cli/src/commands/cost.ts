import { Command, InvalidArgumentError, Option } from 'commander'
import type { CostQuery } from '@meepo/core'
import { parseCount, parseDuration, shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface CostFlags {
  readonly by: CostQuery['by']
  readonly since?: When
  readonly until?: When
  readonly scope?: string
  readonly limit: number
  readonly config?: string
  readonly json?: boolean
}

/** A day as it was written, or so many milliseconds ago. */
export type When = { readonly day: string } | { readonly agoMs: number }

const groups: readonly CostQuery['by'][] = [
  ...(['total', 'run', 'session', 'agent', 'workflow', 'user'] as const),
  ...(['tenant', 'tag', 'tool', 'model', 'day'] as const),
]

/** `meepo cost` */
export function costCommand(): Command {
  return new Command('cost')
    .description('Sum up what model calls cost, the dearest first.')
    .addOption(new Option('--by <group>', 'one line for each of these').choices(groups).default('agent'))
    .addOption(
      new Option('--since <when>', 'from this day (UTC) on: 2026-11-01, or how long ago: 7d').argParser(parseWhen),
    )
    .addOption(new Option('--until <when>', 'up to this day, included').argParser(parseWhen))
    .addOption(new Option('--scope <scope>', 'only calls charged to it, like agent:planner, user:bob or tag:team=red'))
    .addOption(new Option('--limit <n>', 'how many lines').argParser(parseCount).default(20))
    .addOption(shared.config())
    .addOption(shared.json('the sums'))
    .action(cost)
}

async function cost({ by, since, until, scope, limit, config, json }: CostFlags): Promise<void> {
  const { withStore } = await import('../session.ts')
  const { costTable } = await import('../render/cost-table.ts')
  const now = Date.now()
  const range = {
    ...(scope === undefined ? {} : { scope }),
    ...(since === undefined ? {} : { since: dayOf(since, now) }),
    ...(until === undefined ? {} : { until: dayOf(until, now) }),
  }
  if (range.since !== undefined && range.until !== undefined && range.since > range.until) {
    const { MeepoError } = await import('@meepo/core')
    throw new MeepoError('config.invalid', `--since ${range.since} is later than --until ${range.until}`)
  }
  const { rows, total } = await withStore(config, async ({ costs }) => {
    const [found, sums] = await Promise.all([
      costs.report({ ...range, by, limit }),
      costs.report({ ...range, by: 'total' }),
    ])
    return { rows: found, total: sums[0] }
  })
  if (json === true) terminal.out(`${JSON.stringify({ by, ...range, total, rows }, undefined, 2)}\n`)
  else if (rows.length === 0 || total === undefined) terminal.err('no costs\n')
  else terminal.out(costTable(terminal, by, rows, total))
}

/** Reads a day or a duration. */
export function parseWhen(text: string): When {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const at = Date.parse(`${text}T00:00:00Z`)
    // A date that does not exist is another one, or none.
    if (!Number.isNaN(at) && new Date(at).toISOString().startsWith(text)) return { day: text }
    throw new InvalidArgumentError('there is no such day.')
  }
  try {
    return { agoMs: parseDuration(text) }
  } catch {
    throw new InvalidArgumentError('write a day like 2026-11-01, or how long ago like 7d or 12h.')
  }
}

/** The day (UTC) that was meant. */
export function dayOf(when: When, now: number): string {
  return 'day' in when ? when.day : new Date(now - when.agoMs).toISOString().slice(0, 10)
}
