import { expect, test } from 'vitest'
import type { Wait } from '../waits.ts'
import { measureRates, type RatesReport } from './rates.ts'

interface Ask {
  readonly tenant: string
  readonly at: number
}

/** One permit of 100 tokens every 10 ms, to whom `choose` says. */
function serve(asks: readonly Ask[], choose: (waiting: readonly Ask[], last: string) => Ask): readonly Wait[] {
  const waits: Wait[] = []
  const waiting: Ask[] = []
  const coming = asks.toSorted((a, b) => a.at - b.at)
  let last = ''
  for (let now = 0; coming.length > 0 || waiting.length > 0; now += 10) {
    while (coming[0] && coming[0].at <= now) waiting.push(...coming.splice(0, 1))
    if (waiting.length === 0) continue
    const next = choose(waiting, last)
    waiting.splice(waiting.indexOf(next), 1)
    last = next.tenant
    const { tenant, at: from } = next
    const id = `${tenant}-${waits.length}`
    waits.push({ id, tenant, tokens: 100, from, until: now, isGranted: true, isQueued: now > from })
  }
  return waits
}

function measure(waits: readonly Wait[]): RatesReport {
  const journal = waits.map(({ id }) => ({ attemptId: id, billed: true, inputTokens: 100, outputTokens: 0 }))
  // What the measure reads of a journal.
  return measureRates(journal as never, waits, 600_000)
}

const every = (tenant: string, ms: number, count: number): Ask[] =>
  Array.from({ length: count }, (_, call) => ({ tenant, at: call * ms }))
const firstCome = (waiting: readonly Ask[]): Ask => waiting.toSorted((a, b) => a.at - b.at)[0]!
/** Whoever was served longest ago, of those that have waited for at least so long. */
const inTurn = (lateMs: number) => {
  const served = new Map<string, number>()
  let turn = 0
  let now = 0
  return (waiting: readonly Ask[]): Ask => {
    now = Math.max(now + 10, ...waiting.map(({ at }) => at))
    const heard = waiting.filter(({ at }) => now - at >= lateMs)
    const next = (heard.length > 0 ? heard : waiting).toSorted(
      (a, b) => (served.get(a.tenant) ?? 0) - (served.get(b.tenant) ?? 0) || a.at - b.at,
    )[0]!
    served.set(next.tenant, ++turn)
    return next
  }
}

test('tenants that wait all the time and are served in turn have their share', () => {
  const report = measure(serve([...every('greedy', 1, 3_000), ...every('small', 4, 700)], inTurn(0)))
  expect(report.problems).toEqual([])
  expect(report.shares['small']).toBeCloseTo(1, 1)
  expect(report.usedShare).toBeCloseTo(1, 1)
})

test('a flood that is served first come, first served, is seen to take the share of others', () => {
  const report = measure(serve([...every('greedy', 1, 3_000), ...every('small', 4, 700)], firstCome))
  expect(report.problems).toEqual([expect.stringContaining('small got')])
})

test('a tenant that asks seldom and is answered soon is not wronged; one that is kept waiting is', () => {
  const asks = [...every('greedy', 5, 4_000), ...every('seldom', 400, 60)]
  expect(measure(serve(asks, inTurn(100))).problems).toEqual([])
  expect(measure(serve(asks, firstCome)).problems).toEqual([expect.stringContaining('seldom got')])
})

test('a rate that is not used while calls wait is seen', () => {
  const waits = serve([...every('greedy', 1, 3_000), ...every('small', 4, 700)], inTurn(0))
  const report = measureRates([], waits, 600_000)
  expect(report.problems).toEqual(['0.000 of the allowed tokens were used while calls waited'])
})
