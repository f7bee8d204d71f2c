import { setTimeout as delay } from 'node:timers/promises'
import { parseDollars, type Store } from '@meepo/core'
import type { JournalEntry } from '@meepo/simulator'
import { leaseMs } from '../settings.ts'

/** What must be gone, and what must not have been exceeded, when all runs have ended. */
export async function leftovers(
  store: Store,
  invoice: readonly JournalEntry[],
  poorBudget: string,
): Promise<{ readonly problems: readonly string[]; readonly figures: Readonly<Record<string, string | number>> }> {
  const problems: string[] = []
  const reservations = await store.money.reservations('system')
  if (reservations.length > 0) problems.push(`${reservations.length} reservations are left`)
  const taken = await permitsLeft(store)
  if (taken > 0) problems.push(`${taken} slots or reserved tokens of limits are left`)

  const [row] = await store.money.report('system', { by: 'total', scope: 'tenant:poor' })
  const limit = parseDollars(poorBudget)
  const spent = BigInt(row?.picoDollars ?? 0)
  if (spent > limit) problems.push(`the poor tenant spent ${spent - limit} pico-dollars more than its hard budget`)
  const ids = new Set((await store.money.ledger({ tenant: 'poor' }, { limit: 1_000_000 })).map((line) => line.id))
  const billed = invoice
    .filter(({ attemptId = '' }) => ids.has(attemptId))
    .reduce((sum, { amountPico = '0' }) => sum + BigInt(amountPico), 0n)
  if (billed > limit) problems.push(`the poor tenant was billed ${billed - limit} pico-dollars beyond its hard budget`)

  const failed = await store.log.runs('system', { status: ['failed', 'cancelled'], limit: 100_000 })
  const others = failed.filter(({ tenant }) => tenant !== 'poor')
  if (others.length > 0) problems.push(`${others.length} runs failed that had money, the first is ${others[0]?.runId}`)
  return {
    problems,
    figures: {
      'runs stopped by a hard budget': failed.length - others.length,
      'hard budget, pico-dollars': String(limit),
      'spent of it': String(spent),
      overspent: String(spent > limit ? spent - limit : 0n),
      'reservations left': reservations.length,
      'slots left': taken,
    },
  }
}

/** Permits of a worker that was killed last are given back when its time is over. */
async function permitsLeft(store: Store): Promise<number> {
  for (let waited = 0; ; waited += 500) {
    const { buckets } = await store.counters.inspect()
    const taken = buckets.reduce((sum, bucket) => sum + bucket.open, 0)
    if (taken === 0 || waited > 2 * leaseMs) return taken
    await delay(500)
  }
}
