import { expect, test } from 'vitest'
import { createFakeScheduler } from '../../testing/fake-scheduler.ts'
import { fakeRandom } from '../../testing/test-machine.ts'
import { createLimiter } from './create-limiter.ts'
import type { Ask, Holder, Turn } from './counters.ts'
import type { LimitedCall, Limiter } from './limiter.ts'
import type { Limit } from './limit.ts'
import { createMemoryCounters } from './memory-counters.ts'
import { toRule } from './rule.ts'
import { steady, sync, waitOf } from '../../testing/limit-nodes.ts'

const limit: Limit = { name: 'tokens', scope: 'key', counts: 'tokens', amount: 1_000, per: 'second', burst: 100 }
const rule = toRule(limit)
const fresh: Turn = { tenant: 'a', weight: 1, priority: 'normal', comesAgain: true, behind: 0 }

const waitsFor = { limit: 'tokens', value: 'k' }
const other: Holder = { id: 'other', ttlMs: 60_000 }

function ask(amount: number): Ask {
  return { rule, value: 'k', amount }
}

/** Counters whose bucket is empty, and the way to ask them. */
function empty(): {
  pass(ms: number): void
  take(id: string, amount: number, change?: Partial<Turn>, holder?: Holder): number
} {
  let now = 1_000
  const counters = createMemoryCounters({ scheduler: { elapsed: () => now }, pollMs: 25 })
  sync(counters.take(steady, [{ id: 'first', asks: [ask(100)] }]))
  return {
    pass: (ms) => {
      now += ms
    },
    take: (id, amount, change = {}, holder = steady) => {
      const [outcome] = sync(counters.take(holder, [{ id, asks: [ask(amount)], turn: { ...fresh, ...change } }]))
      return outcome === undefined ? Number.NaN : waitOf(outcome)
    },
  }
}

test('the wait of a request counts those before it, and is exact', () => {
  const { pass, take } = empty()
  expect(take('one', 30)).toBe(30)
  expect(take('two', 20, { tenant: 'b', weight: 0.5 })).toBe(50)
  pass(49)
  expect(take('two', 20, { tenant: 'b', weight: 0.5 })).toBe(1)
  pass(1)
  expect(take('two', 20, { tenant: 'b', weight: 0.5 })).toBe(0)
  expect(take('one', 30)).toBe(0)
})

test('room is not kept for those who did not come again, one after the other', () => {
  const { pass, take } = empty()
  expect(take('one', 60)).toBe(60)
  pass(40)
  expect(take('two', 60, { tenant: 'b' })).toBe(60)
  // Both together are more than the bucket holds: a full one is kept for nobody.
  expect(take('three', 60, { tenant: 'c' })).toBe(60)
  expect(take('small', 1, { priority: 'low' })).toBe(60)
})

test('a place lapses before the bucket is full', () => {
  const slow = toRule({ ...limit, amount: 100, burst: 100 })
  let now = 1_000
  const counters = createMemoryCounters({ scheduler: { elapsed: () => now }, pollMs: 25 })
  sync(counters.take(steady, [{ id: 'first', asks: [{ rule: slow, value: 'k', amount: 100 }] }]))
  const take = (id: string, amount: number, tenant: string): number => {
    const asks = [{ rule: slow, value: 'k', amount }]
    const [outcome] = sync(counters.take(steady, [{ id, asks, turn: { ...fresh, tenant } }]))
    return outcome === undefined ? Number.NaN : waitOf(outcome)
  }
  expect(take('one', 20, 'a')).toBe(200)
  expect(take('two', 30, 'b')).toBe(300)
  now += 200
  // The first has 50 ms left and the second keeps 30: both have lapsed when this one is granted.
  expect(take('three', 25, 'c')).toBe(50)
  now += 50
  expect(take('three', 25, 'c')).toBe(0)
})

test('a request for nothing of a bucket waits for nobody there', () => {
  const { take } = empty()
  expect(take('one', 30)).toBe(30)
  expect(take('none', 0, { tenant: 'b' })).toBe(0)
})

test('a repeated request of a tenant stays where it was, and one that came of age moves up', () => {
  const { pass, take } = empty()
  take('one', 10, { priority: 'low' })
  take('two', 10, { tenant: 'b' })
  expect(take('one', 10, { priority: 'low' })).toBe(20)
  expect(take('one', 10, { priority: 'high', waitsFor })).toBe(10)
  expect(take('two', 10, { tenant: 'b' })).toBe(20)
  pass(20)
  expect(take('two', 10, { tenant: 'b' })).toBe(0)
  expect(take('one', 10, { priority: 'high', waitsFor })).toBe(0)
})

test('who comes new stands behind all of its tenant, in whatever process', () => {
  const { take } = empty()
  expect(take('one', 10, { behind: 3, waitsFor })).toBe(10)
  expect(take('two', 10, { behind: 1, waitsFor }, other)).toBe(20)
  expect(take('new', 5)).toBe(20 + 40 + 5)
})

test('those that wait behind others go before the less urgent, and after the more urgent', () => {
  const { take } = empty()
  expect(take('one', 10, { behind: 2, waitsFor })).toBe(10)
  expect(take('low', 5, { tenant: 'b', priority: 'low' })).toBe(10 + 20 + 5)
  expect(take('high', 5, { tenant: 'b', priority: 'high' })).toBe(5)
})

test('a tenant goes before those that wait behind the first of another, as many as are due', () => {
  const { take } = empty()
  expect(take('one', 10, { behind: 9, waitsFor })).toBe(10)
  // Its turn ends at 60 in virtual time, when the other had 60 too.
  expect(take('two', 30, { tenant: 'b', weight: 0.5 })).toBe(10 + 50 + 30)
})

test('what waits behind counts until the process says that nothing does', () => {
  const { take } = empty()
  expect(take('one', 10, { behind: 3, waitsFor })).toBe(10)
  expect(take('low', 5, { tenant: 'b', priority: 'low' })).toBe(45)
  expect(take('one', 10, { behind: 0, waitsFor })).toBe(10)
  expect(take('low', 5, { tenant: 'b', priority: 'low' })).toBe(15)
})

test('when nobody waits any more nobody is owed anything', () => {
  const { pass, take } = empty()
  take('one', 10)
  pass(10)
  expect(take('one', 10)).toBe(0)
  expect(take('two', 10)).toBe(10)
  pass(3_000)
  expect(take('three', 100)).toBe(0)
  expect(take('a again', 10)).toBe(10)
  expect(take('b', 10, { tenant: 'b' })).toBe(20)
})

test('a tenant of which nothing more is known to wait keeps what it is owed for a while', () => {
  const { pass, take } = empty()
  take('late 1', 10)
  take('quick 1', 30, { tenant: 'b' })
  // The process of the first is late, and the others go.
  pass(300)
  for (const id of ['quick 1', 'quick 2', 'quick 3']) expect(take(id, 30, { tenant: 'b' })).toBe(0)
  expect(take('late 1', 10)).toBe(0)
  expect(take('quick 4', 30, { tenant: 'b' })).toBe(30)
  expect(take('late 2', 40)).toBe(40)
  pass(40)
  expect(take('quick 4', 30, { tenant: 'b' })).toBe(30)
  expect(take('late 2', 40)).toBe(0)
  expect(take('late 3', 40)).toBe(40)
})

test('a call without time does not keep room from calls of other processes', async () => {
  const scheduler = createFakeScheduler()
  const counters = createMemoryCounters({ scheduler, pollMs: 25 })
  const open = (name: string): Limiter =>
    createLimiter({ limits: [limit], counters, scheduler, random: fakeRandom(name) })
  const [one, two] = [open('one'), open('two')]
  const call = (id: string, inputTokens: number, change: Partial<LimitedCall> = {}): LimitedCall => {
    return { id, tenant: id, scopes: { key: 'k' }, estimate: { inputTokens, outputTokens: 0 }, ...change }
  }
  await one.acquire(call('first', 100))
  const late = one.acquire(call('late', 50, { deadlineAt: scheduler.now() }))
  await expect(late).rejects.toMatchObject({ code: 'limit.exceeded' })
  const soon = one.acquire(call('soon', 50, { deadlineAt: scheduler.now() + 20 }))
  const refused = Promise.allSettled([soon])
  await scheduler.advance(21)
  expect(await refused).toMatchObject([{ reason: { code: 'limit.exceeded' } }])
  const granted = two.acquire(call('granted', 10))
  await scheduler.until(granted)
  expect((await granted).waitedMs).toBeLessThan(100)
  await one.close()
  await two.close()
})
