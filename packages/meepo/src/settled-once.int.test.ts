import type { LedgerEntry } from '@meepo/core'
import { expect, test } from 'vitest'
import { answerOf, costOf, openStage, talker, until } from '../test-support/stage.ts'
import type { Budget, Meepo } from './index.ts'

const budget: Budget = { name: 'all', scope: 'tenant', limit: 1, period: 'forever' }
const agent = talker()

async function linesOf(meepo: Meepo): Promise<readonly LedgerEntry[]> {
  return await meepo.store.money.ledger('system')
}

/** Nothing is set aside any more, and the balance is what the lines say. */
async function expectSettled(meepo: Meepo): Promise<void> {
  expect(await meepo.store.money.reservations('system')).toEqual([])
  const lines = await linesOf(meepo)
  const sum = lines.reduce((total, { entry }) => total + BigInt(entry.cost.picoDollars ?? 0), 0n)
  const [state] = await meepo.costs.budgets()
  expect([state?.reserved, state?.spent]).toEqual(['0', String(sum)])
}

test.each(['whole', 'streamed'] as const)(
  'a cancelled call (%s) is settled once with what it may have cost',
  async (how) => {
    const script = () => ({ ...answerOf(1_000, 'word '.repeat(200)), latency: { headersMs: 20, perChunkMs: 20 } })
    const stage = await openStage({ script, chunkSize: 10 })
    const meepo = await stage.open({ budgets: [budget] })
    const run = await meepo.start(agent, 'go', { isPreviewed: how === 'streamed' })
    await until(() => stage.sent() === 1)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await run.cancel('enough')
    const { status } = await run.result()
    expect(status).toBe('cancelled')
    const [line, ...others] = await linesOf(meepo)
    expect(others).toEqual([])
    expect(line?.entry).toMatchObject({ outcome: 'aborted', cost: { status: 'estimated' } })
    await expectSettled(meepo)
  },
)

test('a run whose deadline passes during a call settles it once', async () => {
  const stage = await openStage({ script: () => ({ fault: { kind: 'hang' } }) })
  const meepo = await stage.open({ budgets: [budget] })
  const { error } = await meepo.run(agent, 'go', { limits: { deadlineAt: Date.now() + 150 } })
  expect(error?.code).toBe('run.deadline')
  expect(await linesOf(meepo)).toHaveLength(1)
  await expectSettled(meepo)
})

test('a call that runs out of time and is repeated has a line for each request', async () => {
  const stage = await openStage({
    script: ({ number }) => (number === 1 ? { fault: { kind: 'reset' } } : answerOf(100)),
  })
  const meepo = await stage.open({ budgets: [budget] })
  expect((await meepo.run(agent, 'go')).status).toBe('completed')
  const lines = await linesOf(meepo)
  expect(lines.map(({ entry }) => entry.outcome)).toEqual(['failed', 'ok'])
  expect(lines.map(({ id }) => id)).toEqual(stage.simulator.journal.entries().map(({ attemptId }) => attemptId))
  await expectSettled(meepo)
})

test('calls that are cancelled while they wait for a limit cost nothing and leave nothing behind', async () => {
  const stage = await openStage()
  const limits = [{ name: 'slow', scope: 'tenant', counts: 'requests', amount: 1, per: 'hour', burst: 1 }] as const
  const meepo = await stage.open({ store: 'memory', budgets: [budget], limits })
  expect((await meepo.run(agent, 'go')).status).toBe('completed')
  const run = await meepo.start(agent, 'go')
  await new Promise((resolve) => setTimeout(resolve, 100))
  await run.cancel('enough')
  expect((await run.result()).status).toBe('cancelled')
  expect(stage.sent()).toBe(1)
  expect((await linesOf(meepo)).map(({ entry }) => entry.cost.picoDollars)).toEqual([String(costOf(1_000))])
  await expectSettled(meepo)
})

test('a fleet that stops in the middle of a call books it as unknown, and the next one answers within the budget', async () => {
  let answers = 0
  const stage = await openStage({ script: () => (answers++ === 0 ? { fault: { kind: 'hang' } } : answerOf(10)) })
  const first = await stage.open({ budgets: [budget] })
  const { runId } = await first.start(agent, 'go')
  await until(() => stage.sent() === 1)
  await first.stop({ graceMs: 0, hardLimitMs: 0 })
  const second = await stage.open({ budgets: [budget], definitions: [agent as never] })
  expect((await second.engine.handle(runId).result()).status).toBe('completed')
  const lines = await linesOf(second)
  expect(lines.map(({ entry }) => [entry.outcome, entry.cost.status, entry.cost.picoDollars])).toEqual([
    ['unknown', 'unknown', String(costOf(1_000))],
    ['ok', 'settled', String(costOf(10))],
  ])
  await expectSettled(second)
})
