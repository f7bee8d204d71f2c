import type { TargetHealth } from '@meepo/gateway'
import { columns } from './columns.ts'

/** One line for each key and model that ever failed; those that are out of use first. */
export function healthTable(rows: readonly TargetHealth[], now: number): string {
  const sorted = rows.toSorted((a, b) => (b.until ?? 0) - (a.until ?? 0))
  const lines = sorted.map(({ provider, key, model = '(all)', region, state, until, why = '' }) => [
    provider,
    key,
    region === undefined ? model : `${model}@${region}`,
    state === 'closed' ? 'well' : state.replace('_', ' '),
    until === undefined ? '' : `${Math.max(0, Math.ceil((until - now) / 1_000))} s`,
    why,
  ])
  const head = ['PROVIDER', 'KEY', 'MODEL', 'STATE', 'LEFT', 'BECAUSE']
  return `${columns([head, ...lines], [false, false, false, false, true, false]).join('\n')}\n`
}
