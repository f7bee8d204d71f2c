import { expect, test } from 'vitest'
import { call, failure, setup } from '../../../test/limiter-setup.ts'
import type { Limit } from './limit.ts'
import type { LimitedCall, Limiter } from './limiter.ts'

const tokens: Limit = { name: 'tokens', scope: 'key', counts: 'tokens', amount: 100, per: 'second' }
const inputs: Limit = { name: 'inputs', scope: 'key', counts: 'input_tokens', amount: 100, per: 'minute' }
const outputs: Limit = { name: 'outputs', scope: 'key', counts: 'output_tokens', amount: 50, per: 'minute' }
const atOnce: Limit = { name: 'at-once', scope: 'tenant', counts: 'concurrent', amount: 1 }
const ofAcme: Limit = { name: 'of-acme', scope: 'tenant', value: 'acme', counts: 'requests', amount: 1, per: 'minute' }
const all: Limit = { name: 'all', scope: 'global', counts: 'requests', amount: 1_000, per: 'second' }

async function availableOf(limiter: Limiter, limit: string): Promise<number | undefined> {
  return (await limiter.inspect()).buckets.find((bucket) => bucket.limit === limit)?.available
}

test('limits that make no sense are refused when the limiter is made', () => {
  expect(() => setup([tokens, tokens])).toThrow(expect.objectContaining({ code: 'config.invalid' }))
})

test('a limit applies to the calls that name its scope, and its value', async () => {
  const { limiter } = setup([ofAcme, all])
  await limiter.acquire(call())
  await limiter.acquire(call(10, { scopes: { tenant: 'other' } }))
  await limiter.acquire(call(10, { scopes: {} }))
  const second = limiter.acquire(call(10, { deadlineAt: 1_000_000 }))
  await expect(second).rejects.toMatchObject({ code: 'limit.exceeded', details: { limit: 'of-acme' }, notSent: true })
})

test('a permit that was settled, released or abandoned gives back what is right', async () => {
  const { limiter } = setup([inputs, outputs])
  const take = (): ReturnType<Limiter['acquire']> =>
    limiter.acquire(call(10, { estimate: { inputTokens: 10, outputTokens: 10 } }))
  const [settled, unsent, unknown, garbage] = [await take(), await take(), await take(), await take()]
  settled.settle({ inputTokens: 4, outputTokens: 3 })
  settled.release()
  unsent.release()
  unsent.settle({ inputTokens: 10 })
  unsent.release()
  unknown.settle({})
  garbage.settle({ inputTokens: -1, outputTokens: Number.NaN })
  garbage.learn({ windows: [{ counts: 'input_tokens', remaining: 0 }] })
  expect(await availableOf(limiter, 'inputs')).toBe(100 - 4 - 10 - 10)
  expect(await availableOf(limiter, 'outputs')).toBe(50 - 3 - 10 - 10)
  expect(settled.waitedMs).toBe(0)
  expect(settled.waitedFor).toBeUndefined()
  expect(settled.id).toMatch(/^call-/)
})

test('the estimate of the output is cut to what a bucket holds, the input is not', async () => {
  const { limiter } = setup([tokens, outputs])
  const permit = await limiter.acquire(
    call(60, { estimate: { inputTokens: 60, outputTokens: Number.POSITIVE_INFINITY } }),
  )
  expect(await availableOf(limiter, 'tokens')).toBe(0)
  expect(await availableOf(limiter, 'outputs')).toBe(0)
  permit.settle({ inputTokens: 60, outputTokens: 80 })
  expect(await availableOf(limiter, 'tokens')).toBe(-40)
  const large = limiter.acquire(call(101))
  await expect(large).rejects.toMatchObject({
    code: 'limit.impossible',
    retryable: false,
    details: { limit: 'tokens' },
  })
  await expect(limiter.acquire(call(Number.NaN))).rejects.toMatchObject({ code: 'limit.impossible' })
})

test('a call waits until there is room, and says for what and how long', async () => {
  const { limiter, scheduler } = setup([tokens])
  await limiter.acquire(call(100))
  const waiting = limiter.acquire(call(50))
  const permit = await scheduler.until(waiting)
  expect(permit.waitedFor).toBe('tokens')
  expect(permit.waitedMs).toBeGreaterThanOrEqual(500)
  expect(permit.waitedMs).toBeLessThan(600)
  const { tallies } = await limiter.inspect()
  expect(tallies).toEqual([
    {
      limit: 'tokens',
      requests: 2,
      waits: 1,
      waitedMs: permit.waitedMs,
      longestWaitMs: permit.waitedMs,
      refusals: 0,
      throttles: 0,
    },
  ])
})

test('room that comes back early is used at once', async () => {
  const { limiter, scheduler } = setup([atOnce])
  const first = await limiter.acquire(call())
  const second = limiter.acquire(call())
  const third = limiter.acquire(call())
  first.settle({})
  const permit = await second
  expect(permit.waitedMs).toBe(0)
  permit.release()
  expect((await third).waitedFor).toBe('at-once')
  expect(scheduler.timers()).toBe(2)
})

test('nothing but the heartbeat is set while there is room, and that ends when nothing is open', async () => {
  const { limiter, scheduler } = setup([tokens, atOnce])
  const permit = await limiter.acquire(call())
  expect(scheduler.timers()).toBe(1)
  await scheduler.advance(60_000)
  expect(scheduler.timers()).toBe(1)
  permit.settle({ inputTokens: 1, outputTokens: 1 })
  await scheduler.advance(10_000)
  expect(scheduler.timers()).toBe(0)
})

test('a call is refused when its time is over, with the time that is left to wait', async () => {
  const { limiter, scheduler } = setup([inputs], { maxWaitMs: 2_000 })
  await limiter.acquire(call(100))
  const patient = limiter.acquire(call(50))
  const late = limiter.acquire(call(50, { deadlineAt: 1_000_500 }))
  const refused = failure(late)
  await scheduler.advance(500)
  expect(await refused).toMatchObject({
    code: 'limit.exceeded',
    retryable: true,
    details: { limit: 'inputs' },
  })
  const bored = failure(patient)
  await scheduler.advance(1_500)
  expect(await bored).toMatchObject({
    code: 'limit.exceeded',
    details: { retryAfterMs: expect.any(Number) },
  })
  expect((await limiter.inspect()).tallies).toMatchObject([{ refusals: 2 }])
  expect((await limiter.inspect()).waiting).toEqual([])
})

test('an aborted call leaves the queue, and the next one may be small enough', async () => {
  const { limiter, scheduler } = setup([tokens])
  await limiter.acquire(call(100))
  const controller = new AbortController()
  const large = limiter.acquire(call(90, { signal: controller.signal }))
  const small = limiter.acquire(call(10))
  const aborted = failure(large)
  await scheduler.advance(300)
  controller.abort('enough')
  expect(await aborted).toBe('enough')
  expect((await small).waitedMs).toBe(300)
  await expect(limiter.acquire(call(1, { signal: controller.signal }))).rejects.toBe('enough')
})

test('the queue is bounded, for all and for each tenant, and says when to come again', async () => {
  const { limiter, scheduler } = setup([tokens], { maxWaiting: 3, maxWaitingPerTenant: 2 })
  await limiter.acquire(call(100))
  const settled: string[] = []
  const ask = (id: string, tenant: string): void => {
    void limiter.acquire(call(50, { id, tenant })).then(
      () => settled.push(id),
      (error: { code: string }) => settled.push(`${id} ${error.code}`),
    )
  }
  for (const id of ['a1', 'a2', 'a3']) ask(id, 'a')
  ask('b1', 'b')
  ask('c1', 'c')
  await scheduler.settle()
  expect(settled).toEqual(['a3 limit.queue_full', 'c1 limit.queue_full'])
  expect((await limiter.inspect()).waiting).toEqual([
    { limit: 'tokens', tenant: 'a', count: 2 },
    { limit: 'tokens', tenant: 'b', count: 1 },
  ])
  await scheduler.advance(600)
  ask('d1', 'd')
  ask('d2', 'd')
  const full = limiter.acquire(call(50, { tenant: 'e' }))
  await expect(full).rejects.toMatchObject({ code: 'limit.queue_full', retryable: true })
  const error: { details: { retryAfterMs: number } } = await full.then(
    () => ({ details: { retryAfterMs: 0 } }),
    (thrown: { details: { retryAfterMs: number } }) => thrown,
  )
  expect(error.details.retryAfterMs).toBeGreaterThan(300)
  expect(error.details.retryAfterMs).toBeLessThan(3_000)
})

test('a pair that cools down is waited for, unless the call has less time', async () => {
  const { limiter, scheduler } = setup([atOnce])
  const permit = await limiter.acquire(call())
  permit.learn({ retryAfterMs: 3_000, windows: [] }, true)
  permit.settle({})
  const hasty = limiter.acquire(call(10, { deadlineAt: 1_001_000 }))
  await expect(hasty).rejects.toMatchObject({
    code: 'limit.exceeded',
    details: { limit: 'cooldown', retryAfterMs: 3_000 },
  })
  const patient = limiter.acquire(call())
  const behind = limiter.acquire(call(10, { deadlineAt: 1_002_500 }))
  const given = failure(behind)
  await scheduler.advance(3_400)
  expect(await given).toMatchObject({ code: 'limit.exceeded' })
  expect((await patient).waitedFor).toBe('cooldown')
  expect((await limiter.inspect()).tallies.find(({ limit }) => limit === 'at-once')).toMatchObject({ throttles: 1 })
})

test('a waiter for which a cooldown turns out too long is refused at once', async () => {
  const { limiter, scheduler } = setup([atOnce])
  const permit = await limiter.acquire(call())
  const waiting = limiter.acquire(call(10, { deadlineAt: 1_005_000 }))
  const refused = failure(waiting)
  permit.learn({ retryAfterMs: 60_000, windows: [] }, true)
  permit.settle({})
  await scheduler.settle()
  expect(await refused).toMatchObject({ code: 'limit.exceeded' })
})

test('a call that needs two busy buckets gets both in the end, though others keep asking for each', async () => {
  const ofModel: Limit = { ...tokens, name: 'of-model', scope: 'model' }
  const { limiter, scheduler } = setup([tokens, ofModel])
  await limiter.acquire(call(100))
  const order: string[] = []
  const ask = (id: string, scopes: LimitedCall['scopes'], size: number): void => {
    void limiter.acquire(call(size, { id, scopes, tenant: id })).then((permit) => {
      order.push(id)
      permit.settle({})
    })
  }
  for (let round = 0; round < 60; round++) {
    ask(`key-${round}`, { key: 'k' }, 60)
    ask(`model-${round}`, { model: 'm' }, 60)
    if (round === 3) ask('both', { key: 'k', model: 'm' }, 90)
    await scheduler.advance(200)
  }
  expect(order).toContain('both')
})

test('weights are those of the tenants, and nothing else of an object', async () => {
  const { limiter, scheduler } = setup([tokens], { weights: { heavy: 3 } })
  await limiter.acquire(call(100))
  const order: string[] = []
  for (let round = 0; round < 4; round++) {
    for (const tenant of ['heavy', 'toString']) {
      void limiter.acquire(call(50, { tenant })).then(() => order.push(tenant))
    }
  }
  await scheduler.advance(10_000)
  expect(order.slice(0, 4).filter((tenant) => tenant === 'heavy')).toHaveLength(3)
})

test('buckets of many keys do not pile up', async () => {
  const { limiter, scheduler } = setup([{ ...tokens, scope: 'user' }])
  for (let user = 0; user < 500; user++) {
    const permit = await limiter.acquire(call(10, { scopes: { user: `u${user}` } }))
    permit.settle({ inputTokens: 10, outputTokens: 0 })
    await scheduler.advance(10)
  }
  expect((await limiter.inspect()).buckets.length).toBeLessThan(100)
})

test('room at one bucket wakes nobody at another', async () => {
  const { limiter, scheduler } = setup([tokens])
  const other = await limiter.acquire(call(10, { scopes: { key: 'other' } }))
  await limiter.acquire(call(100))
  const waiting = limiter.acquire(call(10))
  other.learn({ windows: [{ counts: 'requests', remaining: 0 }] })
  other.settle({ inputTokens: 1, outputTokens: 0 })
  await scheduler.settle()
  expect((await limiter.inspect()).waiting).toEqual([{ limit: 'tokens', tenant: 'acme', count: 1 }])
  expect((await scheduler.until(waiting)).waitedMs).toBeGreaterThanOrEqual(100)
})

test('a call without time is refused behind others too', async () => {
  const { limiter } = setup([tokens])
  await limiter.acquire(call(100))
  const waiting = limiter.acquire(call(10))
  const late = limiter.acquire(call(10, { deadlineAt: 999_999 }))
  await expect(late).rejects.toMatchObject({ code: 'limit.exceeded', details: { limit: 'tokens' } })
  const ending = failure(waiting)
  await limiter.close()
  expect(await ending).toMatchObject({ code: 'limit.closed' })
})

test('a waiter whose turn came but who lacks another bucket waits for that one', async () => {
  const { limiter, scheduler } = setup([tokens, { ...tokens, name: 'of-model', scope: 'model' }])
  await limiter.acquire(call(100, { scopes: { key: 'k' } }))
  const waiting = limiter.acquire(call(50, { scopes: { key: 'k', model: 'm' } }))
  await scheduler.advance(400)
  await limiter.acquire(call(100, { scopes: { model: 'm' } }))
  await scheduler.advance(300)
  expect((await limiter.inspect()).waiting).toEqual([{ limit: 'of-model', tenant: 'acme', count: 1 }])
  expect((await scheduler.until(waiting)).waitedFor).toBe('of-model')
})

test('learning without a pair to cool down lowers levels only', async () => {
  const { limiter } = setup([tokens])
  const permit = await limiter.acquire(call(10, { scopes: {} }))
  permit.learn({ retryAfterMs: 1_000, windows: [] }, true)
  expect((await limiter.inspect()).cooldowns).toEqual([])
})

test('a call is told when its answer takes a while: in the queue, behind others, at counters that are asked', async () => {
  const told: string[] = []
  const tells = (name: string) => call(10, { onWait: () => told.push(name) })
  const { counters, scheduler, limiter } = setup([atOnce])
  const first = await limiter.acquire(tells('at once'))
  const waiting = ['refused', 'behind'].map((name) => limiter.acquire(tells(name)))
  expect(told).toEqual(['refused', 'behind'])
  first.release()
  for (const permit of waiting) (await permit).release()
  const far = setup([atOnce], {
    counters: { ...counters, take: async (...given) => counters.take(...given) },
    scheduler,
  })
  ;(await far.limiter.acquire(tells('asked'))).release()
  expect(told).toEqual(['refused', 'behind', 'asked'])
})
