// The limiter over counters that answer later, fail, or end.

import { expect, test } from 'vitest'
import { call, failure, setup } from '../../../test/limiter-setup.ts'
import { createFakeScheduler } from '../../testing/fake-scheduler.ts'
import { fakeRandom } from '../../testing/test-machine.ts'
import type { Counters } from './counters.ts'
import { createLimiter } from './create-limiter.ts'
import type { Limit } from './limit.ts'
import { createMemoryCounters } from './memory-counters.ts'

const tokens: Limit = { name: 'tokens', scope: 'key', counts: 'tokens', amount: 100, per: 'second' }
const atOnce: Limit = { name: 'at-once', scope: 'tenant', counts: 'concurrent', amount: 1 }

/** Counters that answer later, and fail when told to. */
function slow(counters: Counters): Counters & { isDown: boolean } {
  const later = {
    isDown: false,
    pollMs: 50,
    take: async (...args: Parameters<Counters['take']>) => {
      await reach()
      return counters.take(...args)
    },
    settle: async (...args: Parameters<Counters['settle']>) => {
      await reach()
      await counters.settle(...args)
    },
    release: async (...args: Parameters<Counters['release']>) => {
      await reach()
      await counters.release(...args)
    },
    learn: async (...args: Parameters<Counters['learn']>) => {
      await reach()
      await counters.learn(...args)
    },
    beat: async (...args: Parameters<Counters['beat']>) => {
      await reach()
      await counters.beat(...args)
    },
    leave: async (...args: Parameters<Counters['leave']>) => {
      await reach()
      await counters.leave(...args)
    },
    inspect: async () => counters.inspect(),
  }
  const reach = async (): Promise<void> => {
    await Promise.resolve()
    if (later.isDown) throw new Error('the store is away')
  }
  return later
}

test('counters that answer later are asked in order, and many at a time when many are granted', async () => {
  const scheduler = createFakeScheduler()
  const counters = slow(createMemoryCounters({ scheduler }))
  const limiter = createLimiter({ limits: [tokens], counters, scheduler, random: fakeRandom('slow') })
  const first = await limiter.acquire(call(100))
  const order: number[] = []
  const waiting = Array.from({ length: 40 }, async (_, index) => {
    const permit = await limiter.acquire(call(10))
    order.push(index)
    permit.settle({ inputTokens: 10, outputTokens: 0 })
    return permit.waitedMs
  })
  await scheduler.settle()
  first.settle({ inputTokens: 0, outputTokens: 0 })
  const waits = await scheduler.until(Promise.all(waiting))
  expect(order).toEqual(Array.from({ length: 40 }, (_, index) => index))
  expect(Math.max(...waits)).toBeLessThan(3_500)
  await limiter.close()
})

test('what was granted to a call that went away meanwhile is given back', async () => {
  const scheduler = createFakeScheduler()
  const counters = slow(createMemoryCounters({ scheduler }))
  const limiter = createLimiter({ limits: [atOnce], counters, scheduler, random: fakeRandom('away') })
  const asking = new AbortController()
  const early = limiter.acquire(call(10, { signal: asking.signal }))
  asking.abort('gone')
  await expect(early).rejects.toBe('gone')

  const holding = await limiter.acquire(call())
  const waiting = new AbortController()
  const second = limiter.acquire(call(10, { signal: waiting.signal }))
  const third = limiter.acquire(call(10, { signal: waiting.signal }))
  const fourth = limiter.acquire(call())
  await scheduler.settle()
  holding.settle({})
  await Promise.resolve()
  await Promise.resolve()
  await Promise.resolve()
  waiting.abort('gone')
  await expect(second).rejects.toBe('gone')
  await expect(third).rejects.toBe('gone')
  expect((await scheduler.until(fourth)).waitedFor).toBe('at-once')
})

test('when counters cannot be reached calls are refused, ends are told later, and statistics are kept', async () => {
  const scheduler = createFakeScheduler()
  const counters = slow(createMemoryCounters({ scheduler }))
  const limiter = createLimiter({ limits: [atOnce], counters, scheduler, random: fakeRandom('down') })
  const permit = await limiter.acquire(call())
  const waiting = limiter.acquire(call())
  const another = limiter.acquire(call(10, { tenant: 'patient' })).then(
    () => 'served',
    (error: Error) => error.message,
  )
  await scheduler.settle()
  counters.isDown = true
  const lost = failure(waiting)
  permit.learn({ windows: [] })
  permit.settle({})
  await scheduler.advance(60)
  expect(String(await lost)).toContain('the store is away')
  await expect(limiter.acquire(call(10, { scopes: {} }))).rejects.toThrow('the store is away')
  await expect(limiter.inspect()).rejects.toThrow('the store is away')
  await scheduler.advance(6_000)
  counters.isDown = false
  await scheduler.advance(12_000)
  expect(await another).toBe('the store is away')
  const next = await scheduler.until(limiter.acquire(call()))
  next.release()
  await scheduler.settle()
  const { tallies } = await limiter.inspect()
  expect(tallies).toMatchObject([{ limit: 'at-once', refusals: 2 }])
  await limiter.close()
})

test('a closed limiter refuses what waits and what comes, and leaves nothing open', async () => {
  const { limiter, scheduler, counters } = setup([atOnce])
  const open = await limiter.acquire(call())
  const waiting = limiter.acquire(call())
  const refused = failure(waiting)
  await limiter.close()
  await limiter.close()
  expect(await refused).toMatchObject({ code: 'limit.closed' })
  await expect(limiter.acquire(call())).rejects.toMatchObject({ code: 'limit.closed' })
  open.settle({})
  expect((await counters.inspect()).buckets.filter((bucket) => bucket.open > 0)).toEqual([])
  await scheduler.advance(60_000)
  expect(scheduler.timers()).toBe(0)
})

test('a call that is decided after the end is refused, and what it got is given back', async () => {
  const scheduler = createFakeScheduler()
  const memory = createMemoryCounters({ scheduler })
  const limiter = createLimiter({ limits: [atOnce], counters: slow(memory), scheduler, random: fakeRandom('end') })
  const late = limiter.acquire(call())
  const closing = limiter.close()
  await expect(late).rejects.toMatchObject({ code: 'limit.closed' })
  await closing
  await scheduler.settle()
  expect((await memory.inspect()).buckets.every((bucket) => bucket.open === 0)).toBe(true)
})

test('counters that answer nothing are an error, not a permit', async () => {
  const { counters } = setup([])
  const mute = { ...counters, take: () => [] }
  const { limiter } = setup([tokens], { counters: mute })
  await expect(limiter.acquire(call())).rejects.toThrow('answered nothing')
})

test('a request that counters call impossible while it waits is refused', async () => {
  const scheduler = createFakeScheduler()
  const memory = createMemoryCounters({ scheduler })
  const never = { kind: 'refused', why: 'impossible', limit: 'tokens', value: 'k', retryAfterMs: 0 } as const
  let isChanged = false
  const changed: Counters = {
    ...memory,
    take: (holder, requests) => (isChanged ? requests.map(() => never) : memory.take(holder, requests)),
  }
  const { limiter } = setup([tokens], { counters: changed, scheduler })
  await limiter.acquire(call(100))
  const waiting = limiter.acquire(call(50))
  const refused = failure(waiting)
  isChanged = true
  await scheduler.advance(600)
  expect(await refused).toMatchObject({ code: 'limit.impossible' })
  await expect(limiter.acquire(call(50))).rejects.toMatchObject({ code: 'limit.impossible' })
})

test('what could not be told before the end is told at the end', async () => {
  const scheduler = createFakeScheduler()
  const memory = createMemoryCounters({ scheduler })
  const counters = slow(memory)
  const limiter = createLimiter({ limits: [tokens], counters, scheduler, random: fakeRandom('last') })
  const permit = await limiter.acquire(call(50, { scopes: { key: 'k' } }))
  counters.isDown = true
  permit.settle({ inputTokens: 10, outputTokens: 0 })
  await scheduler.settle()
  counters.isDown = false
  await limiter.close()
  expect((await memory.inspect()).buckets).toMatchObject([{ available: 90, open: 0 }])
})

test('a call that is refused after the end, or after it was aborted, is not put into the queue', async () => {
  const scheduler = createFakeScheduler()
  const counters = slow(createMemoryCounters({ scheduler }))
  const limiter = createLimiter({ limits: [atOnce], counters, scheduler, random: fakeRandom('refused') })
  await limiter.acquire(call())
  const controller = new AbortController()
  const aborted = limiter.acquire(call(10, { signal: controller.signal }))
  controller.abort('gone')
  await expect(aborted).rejects.toBe('gone')
  expect((await limiter.inspect()).waiting).toEqual([])
})

test('a waiter that left while counters failed is left alone', async () => {
  const scheduler = createFakeScheduler()
  const memory = createMemoryCounters({ scheduler })
  let fail: ((error: Error) => void) | undefined
  let isHanging = false
  const hanging: Counters = {
    ...memory,
    take: (...args) =>
      isHanging
        ? new Promise((_, reject) => {
            fail = reject
          })
        : memory.take(...args),
  }
  const { limiter } = setup([atOnce], { counters: hanging, scheduler })
  const permit = await limiter.acquire(call())
  const controller = new AbortController()
  const waiting = limiter.acquire(call(10, { signal: controller.signal }))
  isHanging = true
  permit.settle({})
  controller.abort('gone')
  await expect(waiting).rejects.toBe('gone')
  fail?.(new Error('the store is away'))
  await scheduler.advance(2_000)
  expect((await limiter.inspect()).waiting).toEqual([])
})

test('a limiter that was never asked tells nothing', async () => {
  const { counters } = setup([])
  let told = 0
  const { limiter } = setup([tokens], { counters: { ...counters, leave: () => void told++ } })
  await limiter.close()
  expect(told).toBe(0)
})
