import { createFakeScheduler } from '@meepo/core/testing'
import { createNodeMachine } from '@meepo/engine-embedded'
import { expect, test } from 'vitest'
import { costOf, openStage, talker } from '../test-support/stage.ts'
import type { Budget } from './index.ts'

const agent = talker()

/** Starts a fleet whose wall clock a test moves; timers stay those of the machine, as requests are real. */
async function openAt(time: string, budget: Budget) {
  const clock = createFakeScheduler({ startAt: Date.parse(time) })
  const machine = createNodeMachine()
  const scheduler = { ...machine.scheduler, now: () => clock.now() }
  const stage = await openStage()
  const meepo = await stage.open({ store: 'memory', budgets: [budget], machine: { ...machine, scheduler } })
  return { stage, meepo, set: (to: string) => clock.jump(Date.parse(to) - clock.now()) }
}

/** Two answers of $0.10. */
const monthly: Budget = { name: 'monthly', scope: 'user', limit: '0.20', period: 'month', timeZone: 'Europe/Berlin' }

test.each([
  // Summer time ends on 25 October: November begins at 23:00 UTC, October had begun at 22:00.
  ['2026-10-01T00:00:00+02:00', '2026-10-31T23:59:59.999+01:00', '2026-10-31T23:00:00.000Z'],
  // It begins on 29 March: April begins at 22:00 UTC, March had begun at 23:00.
  ['2026-03-01T00:00:00+01:00', '2026-03-31T23:59:59.999+02:00', '2026-03-31T22:00:00.000Z'],
])(
  'a month over a change of clocks, from %s to %s, is one budget and ends at local midnight',
  async (first, last, reset) => {
    const { meepo, set, stage } = await openAt(first, monthly)
    const ask = async () => (await meepo.run(agent, 'go', { actor: 'a' })).error
    expect(await ask()).toBeUndefined()
    set(last)
    expect(await ask()).toBeUndefined()
    const refused = await ask()
    expect(refused).toMatchObject({ code: 'budget.exceeded', details: { resetsAt: reset } })
    expect(refused?.message).toContain(reset)
    expect(stage.sent()).toBe(2)
    set(reset)
    expect(await ask()).toBeUndefined()
    const states = await meepo.costs.budgets()
    expect(states).toMatchObject([{ budget: 'monthly', scope: 'user:a', spent: String(costOf(1_000)) }])
  },
)

test('the month before does not count, to the millisecond', async () => {
  const { meepo, set } = await openAt('2026-10-31T22:59:59.999Z', monthly)
  const ask = async () => (await meepo.run(agent, 'go', { actor: 'a' })).error?.code
  expect([await ask(), await ask(), await ask()]).toEqual([undefined, undefined, 'budget.exceeded'])
  set('2026-10-31T23:00:00.000Z')
  expect([await ask(), await ask(), await ask()]).toEqual([undefined, undefined, 'budget.exceeded'])
})

test('a day on which clocks change has 25 hours', async () => {
  const daily: Budget = { ...monthly, name: 'daily', period: 'day' }
  const { meepo, set } = await openAt('2026-10-24T22:00:00.000Z', daily)
  const ask = async () => (await meepo.run(agent, 'go', { actor: 'a' })).error?.code
  expect([await ask(), await ask()]).toEqual([undefined, undefined])
  set('2026-10-25T22:59:59.999Z')
  expect(await ask()).toBe('budget.exceeded')
  set('2026-10-25T23:00:00.000Z')
  expect(await ask()).toBeUndefined()
})
