// I9: whoever waits gets its share. On a virtual clock, with two to four tenants of different weights and appetites.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFakeScheduler, type FakeScheduler } from '../../testing/fake-scheduler.ts'
import { fakeRandom } from '../../testing/test-machine.ts'
import { createLimiter } from './create-limiter.ts'
import type { LimitedCall, Limiter } from './limiter.ts'
import type { Limit } from './limit.ts'
import { createMemoryCounters } from './memory-counters.ts'

const tokens: Limit = { name: 'tokens', scope: 'key', counts: 'tokens', amount: 100, per: 'second' }
const largest = 60

interface Appetite {
  readonly weight: number
  readonly costs: readonly number[]
}

const appetite = fc.record({
  weight: fc.integer({ min: 1, max: 9 }),
  costs: fc.array(fc.integer({ min: 1, max: largest }), { minLength: 10, maxLength: 15 }),
})

/** The tenants and costs of what was granted, in order, when all their calls came at once. */
async function grantsOf(
  appetites: readonly Appetite[],
  rename: (tenant: string) => string,
): Promise<readonly { readonly tenant: number; readonly cost: number }[]> {
  const scheduler = createFakeScheduler()
  const weights = Object.fromEntries(appetites.map(({ weight }, index) => [`t${index}`, weight]))
  const limiter = createLimiter({
    limits: [tokens],
    counters: createMemoryCounters({ scheduler }),
    scheduler,
    random: fakeRandom('fair'),
    weights,
  })
  const grants: { tenant: number; cost: number }[] = []
  const first = await limiter.acquire(call('first', 'nobody', 100))
  const all = appetites.flatMap(({ costs }, tenant) =>
    costs.map(async (cost, index) => {
      await limiter.acquire(call(`${tenant}-${index}`, rename(`t${tenant}`), cost))
      grants.push({ tenant, cost })
    }),
  )
  first.settle({ inputTokens: 100, outputTokens: 0 })
  await scheduler.until(Promise.all(all))
  await limiter.close()
  return grants
}

function call(id: string, tenant: string, inputTokens: number): LimitedCall {
  return { id, tenant, scopes: { key: 'k' }, estimate: { inputTokens, outputTokens: 0 } }
}

function fairShare(rename: (tenant: string) => string): fc.IAsyncProperty<[Appetite[]]> {
  return fc.asyncProperty(fc.array(appetite, { minLength: 2, maxLength: 4 }), async (appetites) => {
    const weight = appetites.reduce((sum, one) => sum + one.weight, 0)
    const had = appetites.map(() => 0)
    const left = appetites.map(({ costs }) => costs.length)
    let total = 0
    for (const { tenant, cost } of await grantsOf(appetites, rename)) {
      had[tenant] = (had[tenant] ?? 0) + cost
      left[tenant] = (left[tenant] ?? 0) - 1
      total += cost
      // Only while all of them wait.
      if (left.includes(0)) return
      for (const [index, one] of appetites.entries()) {
        expect(had[index]).toBeGreaterThanOrEqual((total * one.weight) / weight - largest)
      }
    }
  })
}

test('I9: each tenant that waits gets its share by weight, less than one request behind', async () => {
  await fc.assert(
    fairShare((tenant) => tenant),
    { numRuns: 40 },
  )
})

test('I9: it is found when calls go in the order of their arrival', async () => {
  const found = await fc.check(
    fairShare(() => 'everybody'),
    { numRuns: 40, endOnFailure: true },
  )
  expect(found.failed).toBe(true)
})

/** A limiter whose only bucket is empty, and what it grants from then on. */
async function crowded(options: { maxAgeMs?: number } = {}): Promise<{
  readonly scheduler: FakeScheduler
  readonly limiter: Limiter
  readonly order: string[]
  ask(id: string, change?: Partial<LimitedCall>): void
}> {
  const scheduler = createFakeScheduler()
  const counters = createMemoryCounters({ scheduler })
  const limiter = createLimiter({ limits: [tokens], counters, scheduler, random: fakeRandom('crowd'), ...options })
  await limiter.acquire(call('first', 'nobody', 100))
  const order: string[] = []
  const ask = (id: string, change: Partial<LimitedCall> = {}): void => {
    const granted = limiter.acquire({ ...call(id, 'acme', 50), ...change })
    void granted.then(
      () => order.push(id),
      () => order.push(`${id} refused`),
    )
  }
  return { scheduler, limiter, order, ask }
}

test('high goes before normal goes before low, and in a band the first comes first', async () => {
  const { scheduler, order, ask } = await crowded()
  for (const priority of ['low', 'normal', 'high'] as const) {
    ask(`${priority} 1`, { priority })
    ask(`${priority} 2`, { priority })
  }
  await scheduler.advance(5_000)
  expect(order).toEqual(['high 1', 'high 2', 'normal 1', 'normal 2', 'low 1', 'low 2'])
})

test('who waited long enough competes with the highest band', async () => {
  const { scheduler, order, ask } = await crowded({ maxAgeMs: 2_000 })
  ask('low', { priority: 'low', tenant: 'patient' })
  ask('normal', { priority: 'normal', tenant: 'patient' })
  for (let round = 0; round < 8; round++) {
    ask(`high ${round}`, { priority: 'high' })
    await scheduler.advance(500)
  }
  await scheduler.advance(5_000)
  expect(order.indexOf('low')).toBeGreaterThan(1)
  expect(order.indexOf('low')).toBeLessThan(7)
  expect(order.indexOf('normal')).toBeLessThan(8)
})

test('a call that needs another bucket passes by, a call of another tenant at this bucket does not', async () => {
  const { scheduler, order, ask } = await crowded()
  ask('large', { estimate: { inputTokens: 90, outputTokens: 0 } })
  await scheduler.advance(500)
  ask('small', { estimate: { inputTokens: 40, outputTokens: 0 } })
  ask('elsewhere', { scopes: { key: 'other' } })
  await scheduler.settle()
  expect(order).toEqual(['elsewhere'])
  await scheduler.advance(3_000)
  expect(order).toEqual(['elsewhere', 'large', 'small'])
})

test('a call that needs two buckets takes its turn at each at which others wait', async () => {
  const scheduler = createFakeScheduler()
  const counters = createMemoryCounters({ scheduler })
  const ofTenant: Limit = { name: 'of-tenant', scope: 'tenant', counts: 'tokens', amount: 50, per: 'second' }
  const ofUser: Limit = { name: 'of-user', scope: 'user', counts: 'tokens', amount: 25, per: 'second' }
  const limiter = createLimiter({ limits: [ofTenant, ofUser], counters, scheduler, random: fakeRandom('two') })
  const order: string[] = []
  const ask = async (id: string, inputTokens: number, scopes: LimitedCall['scopes']): Promise<void> => {
    await limiter.acquire({ id, tenant: id, scopes, estimate: { inputTokens, outputTokens: 0 } })
    order.push(id)
  }
  await ask('fills both', 25, { tenant: 't', user: 'u' })
  await ask('fills one', 25, { tenant: 't' })
  const user = ask('user', 10, { user: 'u' })
  const both = ask('both', 25, { tenant: 't', user: 'u' })
  const all = [user, both, ask('tenant', 50, { tenant: 't' })]
  await scheduler.until(Promise.all(all))
  expect(order.toSorted()).toEqual(['both', 'fills both', 'fills one', 'tenant', 'user'])
  expect(order.indexOf('both')).toBeGreaterThan(order.indexOf('user'))
  await limiter.close()
})
