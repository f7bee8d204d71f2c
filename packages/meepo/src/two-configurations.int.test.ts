import { expect, test } from 'vitest'
import { answerOf, costOf, openStage, talker } from '../test-support/stage.ts'
import type { Budget, Limit, Meepo, RunHandle } from './index.ts'

const agent = talker()
const who = { actor: 'a' }
/** A whole answer or none. */
const usefulTokens = 1_000
const daily: Budget = { name: 'daily', scope: 'user', limit: 1, period: 'day' }

async function ends(meepo: Meepo, count: number): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = []
  for (let call = 0; call < count; call++) found.push((await meepo.run(agent, 'go', who)).error?.code)
  return found
}

/** Resolves when the run stands in a queue. */
async function waits(handle: RunHandle<unknown>): Promise<void> {
  for await (const event of handle.stream()) if (event.type === 'waiting') return
  throw new Error('it ended without waiting')
}

test('two fleets on a file that know another limit of one budget share what was spent, each to its own limit', async () => {
  const stage = await openStage()
  const wide = await stage.open({ usefulTokens, budgets: [daily] })
  const narrow = await stage.open({ usefulTokens, budgets: [{ ...daily, limit: '0.35' }] })
  // $0.10 a call: three of the narrow one fit, or what the wide one left of them.
  expect(await ends(wide, 2)).toEqual([undefined, undefined])
  expect(await ends(narrow, 3)).toEqual([undefined, 'budget.exceeded', 'budget.exceeded'])
  expect(await ends(wide, 1)).toEqual([undefined])
  const [seen] = await narrow.costs.budgets()
  expect(seen).toMatchObject({ spent: String(costOf(4_000)), limit: String(costOf(3_500)), left: String(-costOf(500)) })
  // What an operator sets wins over both.
  await wide.store.money.setLimit(String(seen?.limitKey), String(costOf(4_500)))
  expect([await ends(narrow, 1), await ends(wide, 1)]).toEqual([['budget.exceeded'], ['budget.exceeded']])
  await wide.store.money.setLimit(String(seen?.limitKey), String(costOf(5_000)))
  expect([await ends(narrow, 1), await ends(wide, 1)]).toEqual([[undefined], ['budget.exceeded']])
})

test('a fleet without the budget does not charge it, one with another period has an account of its own', async () => {
  const stage = await openStage()
  const none = await stage.open({ usefulTokens })
  const monthly = await stage.open({ usefulTokens, budgets: [{ ...daily, period: 'month', limit: '0.15' }] })
  const usual = await stage.open({ usefulTokens, budgets: [{ ...daily, limit: '0.15' }] })
  expect(await ends(none, 2)).toEqual([undefined, undefined])
  expect(await ends(monthly, 2)).toEqual([undefined, 'budget.exceeded'])
  expect(await ends(usual, 2)).toEqual([undefined, 'budget.exceeded'])
  expect((await usual.costs.budgets()).map(({ spent }) => spent)).toEqual([String(costOf(1_000))])
  // The ledger has all that were sent, whoever had budgets.
  expect((await none.costs.forUser('a')).calls).toBe(4)
})

test('a limit that is set while a call waits in a queue holds for it', async () => {
  const release = Promise.withResolvers<void>()
  const stage = await openStage({
    script: async () => {
      await release.promise
      return answerOf(1_000)
    },
  })
  const limits: Limit[] = [{ name: 'one', scope: 'tenant', counts: 'concurrent', amount: 1 }]
  const meepo = await stage.open({ usefulTokens, budgets: [daily], limits })
  const first = await meepo.start(agent, 'go', who)
  const second = await meepo.start(agent, 'go', who)
  // Either may have come first.
  await Promise.race([first, second].map(waits))
  const [state] = await meepo.costs.budgets(['tenant:default', 'user:a'])
  await meepo.store.money.setLimit(String(state?.limitKey), String(costOf(500)))
  release.resolve()
  const results = [(await first.result()).error?.code, (await second.result()).error?.code]
  expect(new Set(results)).toEqual(new Set(['budget.exceeded', undefined]))
  expect(stage.sent()).toBe(1)
})
