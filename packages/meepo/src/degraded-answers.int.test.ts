import { expect, test } from 'vitest'
import { answerOf, costOf, openStage, price, talker } from '../test-support/stage.ts'
import type { Budget } from './index.ts'

const budget: Budget = { name: 'small', scope: 'user', limit: '0.25', period: 'forever' }
/** A tenth of the price of `sim:m`. */
const cheap = { ...price, model: 'cheap', output: 10 }
const who = { actor: 'a' }

test('a budget that would rather degrade gets its answers from the cheaper model of the route, then blocks', async () => {
  const stage = await openStage()
  const meepo = await stage.open({
    budgets: [{ ...budget, onExceed: 'degrade' }],
    prices: { overrides: [price, cheap] },
    routes: { main: { targets: ['sim:m'], smaller: ['sim:cheap'] } },
    usefulTokens: 1_000,
  })
  const agent = talker({ model: 'main' })
  const ends: (string | undefined)[] = []
  for (let call = 0; call < 9; call++) ends.push((await meepo.run(agent, 'go', who)).error?.code)
  // Two whole answers of $0.10 leave $0.05: five of $0.01.
  expect(ends).toEqual([...Array.from({ length: 7 }, () => undefined), 'budget.exceeded', 'budget.exceeded'])
  expect(stage.simulator.journal.entries().map(({ model }) => model)).toEqual([
    'm',
    'm',
    ...Array.from({ length: 5 }, () => 'cheap'),
  ])
  const lines = await meepo.store.money.ledger('system')
  const answered = lines.filter(({ entry }) => entry.outcome === 'ok')
  expect(answered.map(({ entry }) => entry.facts?.['degraded'] ?? false)).toEqual([
    false,
    false,
    ...Array.from({ length: 5 }, () => true),
  ])
  expect((await meepo.costs.budgets())[0]).toMatchObject({ left: '0', reserved: '0' })
})

test('a budget that blocks does not look for a cheaper model', async () => {
  const stage = await openStage()
  const meepo = await stage.open({
    store: 'memory',
    budgets: [budget],
    prices: { overrides: [price, cheap] },
    routes: { main: { targets: ['sim:m'], smaller: ['sim:cheap'] } },
    usefulTokens: 1_000,
  })
  const agent = talker({ model: 'main' })
  const ends: (string | undefined)[] = []
  for (let call = 0; call < 3; call++) ends.push((await meepo.run(agent, 'go', who)).error?.code)
  expect(ends).toEqual([undefined, undefined, 'budget.exceeded'])
  expect(stage.sent()).toBe(2)
})

test('a call with too little money asks the provider for a shorter answer, and none below what is useful', async () => {
  const asked: (number | null | undefined)[] = []
  const stage = await openStage({
    script: ({ body }) => {
      const most = body.max_completion_tokens ?? body.max_tokens
      asked.push(most)
      return answerOf(Math.min(800, most ?? 800))
    },
  })
  const meepo = await stage.open({ store: 'memory', budgets: [{ ...budget, limit: '0.17' }], usefulTokens: 200 })
  const agent = talker({ settings: { maxOutputTokens: 1_000 } })
  const ends: (string | undefined)[] = []
  for (let call = 0; call < 3; call++) ends.push((await meepo.run(agent, 'go', who)).error?.code)
  // $0.17 pay for 1,700 tokens: 800 are used, 900 are left; 800 of them are used, and 100 are of no use.
  expect(asked).toEqual([1_000, 900])
  expect(ends).toEqual([undefined, undefined, 'budget.exceeded'])
  const [state] = await meepo.costs.budgets()
  expect(state).toMatchObject({ spent: String(costOf(1_600)), left: String(costOf(100)) })
})

test('a call without a limit of its own is sent with one when the money is short', async () => {
  const stage = await openStage()
  const meepo = await stage.open({ store: 'memory', budgets: [{ ...budget, limit: '0.05' }] })
  await meepo.run(talker(), 'go', who)
  const [entry] = stage.simulator.journal.entries()
  expect(entry?.body).toMatchObject({ max_tokens: 500 })
})

test('a limit that takes no model without a price takes the next of the route that has one', async () => {
  const stage = await openStage()
  const meepo = await stage.open({
    store: 'memory',
    routes: { main: { targets: ['sim:nobody-knows', 'sim:unheard-of', 'sim:m'] } },
  })
  const { status } = await meepo.run(talker({ model: 'main' }), 'go', { budget: 1 })
  expect(status).toBe('completed')
  expect(stage.simulator.journal.entries().map(({ model }) => model)).toEqual(['m'])
  const lines = await meepo.store.money.ledger('system')
  expect(lines.map(({ entry }) => [entry.target, entry.outcome, entry.facts?.['degraded'] ?? false])).toEqual([
    ['sim:nobody-knows', 'refused', false],
    ['sim:m', 'ok', false],
  ])
})

test('a refusal that comes after a call was sent does not say that nothing was', async () => {
  const stage = await openStage({ script: () => ({ fault: { kind: 'refuse', status: 500 } }) })
  const meepo = await stage.open({
    store: 'memory',
    routes: { main: { targets: ['sim:m', 'sim:nobody-knows'] } },
  })
  const sent = await meepo.run(talker({ model: 'main' }), 'go', { budget: 1 })
  expect(sent.error).toMatchObject({ code: 'budget.exceeded', details: { isUnpriced: true } })
  expect(sent.error?.notSent).not.toBe(true)
  expect(stage.sent()).toBeGreaterThan(0)
  const refused = await meepo.run(talker({ name: 'stranger', model: 'sim:nobody-knows' }), 'go', { budget: 1 })
  expect(refused.error?.notSent).toBe(true)
})
