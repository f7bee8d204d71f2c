import { expect, test } from 'vitest'
import { answerOf, openStage, talker } from '../test-support/stage.ts'
import type { Limit, Meepo, RunOptions } from './index.ts'

const agent = talker()

test('the wait in a queue is no active time of the run, and the stream tells it', async () => {
  const stage = await openStage()
  // One each second.
  const limits: Limit[] = [{ name: 'slow', scope: 'tenant', counts: 'requests', amount: 60, per: 'minute', burst: 1 }]
  const meepo = await stage.open({ limits })
  const waits: (string | undefined)[] = []
  const begunAt = performance.now()
  const watched = async (): Promise<string | undefined> => {
    const run = await meepo.start(agent, 'go', { limits: { activeMs: 900 } })
    for await (const event of run.stream()) if (event.type === 'waiting') waits.push(event.what)
    return (await run.result()).error?.code
  }
  expect(await Promise.all([watched(), watched(), watched()])).toEqual([undefined, undefined, undefined])
  expect(performance.now() - begunAt).toBeGreaterThan(1_800)
  expect(waits).toContain('limits of sim:m')
  expect(stage.sent()).toBe(3)
})

/** How many calls of each are under way at the provider at most. */
async function mostAtOnce(limits: readonly Limit[], who: readonly RunOptions[]): Promise<number> {
  let open = 0
  let most = 0
  const stage = await openStage({
    script: async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 20))
      open--
      return answerOf(1)
    },
  })
  const fleets = [await stage.open({ limits }), await stage.open({ limits })]
  const ends = await Promise.all(who.map((one, index) => runOn(fleets[index % 2], one)))
  expect(new Set(ends)).toEqual(new Set(['completed']))
  expect(stage.sent()).toBe(who.length)
  return most
}

async function runOn(meepo: Meepo | undefined, who: RunOptions): Promise<string | undefined> {
  return (await meepo?.run(agent, 'go', who))?.status
}

const twoAtOnce = { counts: 'concurrent', amount: 2 } as const
const twelve = Array.from({ length: 12 }, (_, index) => index)

test('at most so many calls of a user are open at once, over two fleets, while others go on', async () => {
  const limits: Limit[] = [{ name: 'at-once', scope: 'user', ...twoAtOnce }]
  expect(
    await mostAtOnce(
      limits,
      twelve.map(() => ({ actor: 'a' })),
    ),
  ).toBe(2)
  const three = ['a', 'b', 'c']
  const most = await mostAtOnce(
    limits,
    twelve.map((index) => ({ actor: three[index % 3] ?? '' })),
  )
  expect(most).toBeGreaterThan(2)
  expect(most).toBeLessThanOrEqual(6)
})

test('a limit of a tenant counts all its users, and no other tenant', async () => {
  const limits: Limit[] = [{ name: 'at-once', scope: 'tenant', ...twoAtOnce }]
  const users = twelve.map((index) => ({ tenant: 'acme', actor: `u${index}` }))
  expect(await mostAtOnce(limits, users)).toBe(2)
  const tenants = twelve.map((index) => ({ tenant: index % 2 ? 'acme' : 'umbra' }))
  expect(await mostAtOnce(limits, tenants)).toBeLessThanOrEqual(4)
})

test('one user at its rate does not hold up another of the same tenant', async () => {
  const stage = await openStage()
  const limits: Limit[] = [{ name: 'rate', scope: 'user', counts: 'requests', amount: 2, per: 'hour' }]
  const meepo = await stage.open({ limits })
  for (let call = 0; call < 2; call++) await meepo.run(agent, 'go', { actor: 'a' })
  const { error } = await meepo.run(agent, 'go', { actor: 'a', limits: { deadlineAt: Date.now() + 200 } })
  // The deadline of the run is that of its calls: whoever looks first ends it.
  expect(['run.deadline', 'limit.exceeded']).toContain(error?.code)
  expect((await meepo.run(agent, 'go', { actor: 'b' })).status).toBe('completed')
  expect(stage.sent()).toBe(3)
})
