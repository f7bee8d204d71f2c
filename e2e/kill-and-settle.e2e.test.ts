// A process is killed between the reservation of a call and its settlement: the next one finds its books in order.
import { setTimeout as delay } from 'node:timers/promises'
import type { LedgerEntry, RunSummary } from '@meepo/core'
import type { SimulatorAnswer } from '@meepo/simulator'
import type { Budget } from 'meepo'
import { expect, test } from 'vitest'
import { openFleet, type Fleet } from './fleet/fleet.ts'
import { tokenPrice, type DeathPoint } from './fleet/settings.ts'

const answer: SimulatorAnswer = { text: 'done', usage: { inputTokens: 10, outputTokens: 400 } }
const whole = String(1_000n * tokenPrice)
const used = String(400n * tokenPrice)

function budgetOf(limit: string): Budget {
  return { name: 'hard', scope: 'tenant', limit, period: 'forever' }
}

async function ended(fleet: Fleet): Promise<RunSummary | undefined> {
  for (;;) {
    const [run] = await fleet.store.log.runs('system', { status: ['completed', 'failed', 'cancelled'] })
    if (run) return run
    await delay(20)
  }
}

/** Outcome, status and money of each line of the ledger. */
async function booked(fleet: Fleet): Promise<readonly (readonly (string | null)[])[]> {
  const lines: readonly LedgerEntry[] = await fleet.store.money.ledger('system')
  expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length)
  return lines.map(({ entry }) => [entry.outcome, entry.cost.status, entry.cost.picoDollars])
}

/** Nothing is set aside, and the budget has spent what the lines say, within its limit. */
async function expectInOrder(fleet: Fleet, limit: bigint): Promise<void> {
  expect(await fleet.store.money.reservations('system')).toEqual([])
  const lines = await booked(fleet)
  const sum = lines.reduce((total, [, , amount]) => total + BigInt(amount ?? 0), 0n)
  const [account] = await fleet.store.money.accounts('hard/')
  expect([account?.settled, account?.reserved]).toEqual([String(sum), '0'])
  expect(sum).toBeLessThanOrEqual(limit)
}

/** Kills a worker at a point of its call and lets another one go on. */
async function killAt(point: DeathPoint, limit: string): Promise<Fleet> {
  const fleet = await openFleet({ script: () => answer })
  const settings = { budgets: [budgetOf(limit)], isAlone: true }
  const first = await fleet.hire({ ...settings, diesAt: point })
  void first.order({ runs: 1, actor: 'a' })
  await first.gone
  await fleet.hire(settings)
  return fleet
}

test.each([
  ['announced', 1],
  ['answered', 2],
] as const)(
  'killed when its call was %s: one unknown line with the whole reservation, then the answer',
  async (point, sent) => {
    const fleet = await killAt(point, '1')
    expect((await ended(fleet))?.status).toBe('completed')
    expect(await booked(fleet)).toEqual([
      ['unknown', 'unknown', whole],
      ['ok', 'settled', used],
    ])
    expect(fleet.simulator.journal.entries()).toHaveLength(sent)
    await expectInOrder(fleet, 10_000n * tokenPrice)
  },
)

test('killed after its call was booked: the line stands, and nothing is unknown', async () => {
  const fleet = await killAt('booked', '1')
  expect((await ended(fleet))?.status).toBe('completed')
  const lines = await booked(fleet)
  expect(lines.map(([outcome]) => outcome)).not.toContain('unknown')
  expect(lines).toHaveLength(fleet.simulator.journal.entries().length)
  await expectInOrder(fleet, 10_000n * tokenPrice)
})

test('a hard budget of one call is not overspent by the repeat after a kill: the run is blocked', async () => {
  const fleet = await killAt('answered', '0.10')
  expect((await ended(fleet))?.status).toBe('failed')
  expect(await booked(fleet)).toEqual([
    ['unknown', 'unknown', whole],
    ['refused', 'zero', '0'],
  ])
  expect(fleet.simulator.journal.entries()).toHaveLength(1)
  await expectInOrder(fleet, 1_000n * tokenPrice)
})

test('killed from outside while the provider works, twice: each call is one unknown line', async () => {
  const fleet = await openFleet({
    script: ({ number }) => (number <= 2 ? { fault: { kind: 'hang' } } : answer),
  })
  const settings = { budgets: [budgetOf('1')], isAlone: true }
  const sent = () => fleet.simulator.journal.entries().length
  const first = await fleet.hire(settings)
  void first.order({ runs: 1, actor: 'a' })
  while (sent() < 1) await delay(10)
  await first.kill()
  const second = await fleet.hire(settings)
  while (sent() < 2) await delay(10)
  await second.kill()
  await fleet.hire(settings)
  expect((await ended(fleet))?.status).toBe('completed')
  expect(await booked(fleet)).toEqual([
    ['unknown', 'unknown', whole],
    ['unknown', 'unknown', whole],
    ['ok', 'settled', used],
  ])
  await expectInOrder(fleet, 10_000n * tokenPrice)
})
