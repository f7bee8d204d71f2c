// The invariants I1 to I8, I10 and I11 of limits, on a clock in the hand of the test, with several nodes that crash.
// Each is a property that must hold for the counters in memory and must fail for counters with a planted bug: a property
// that finds nothing proves nothing. I9, the fair share of waiting tenants, is in fairness.test.ts.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  available,
  buggy,
  hourly,
  Nodes,
  perMs,
  probe,
  slots,
  some,
  steady,
  sync,
  takeOf,
  ttlMs,
  waitOf,
  type World,
} from '../../testing/limit-nodes.ts'
import type { Ask, Counters, Holder, Refusal, TakeOutcome, TakeRequest } from './counters.ts'
import { createMemoryCounters } from './memory-counters.ts'

const node = fc.nat(3)
const which = fc.nat(50)
const take = fc.record({ kind: fc.constant('take' as const), node, amount: fc.integer({ min: 1, max: 60 }) })
const settle = fc.record({ kind: fc.constant('settle' as const), which, used: fc.nat(90) })
const release = fc.record({ kind: fc.constant('release' as const), which })
const repeat = fc.record({ kind: fc.constant('repeat' as const), which })
const crash = fc.record({ kind: fc.constant('crash' as const), node })
const pass = fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(25_000) })
const learn = fc.record({
  kind: fc.constant('learn' as const),
  which,
  remaining: fc.nat(200),
  isThrottled: fc.boolean(),
})
const happenings = fc.array(fc.oneof(take, take, take, settle, settle, release, repeat, crash, pass, pass), {
  maxLength: 40,
})
/** Large calls that use nothing, and long pauses: what is over when they end is much. */
const generous = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('take' as const), node, amount: fc.integer({ min: 50, max: 100 }) }),
    fc.record({ kind: fc.constant('settle' as const), which: fc.nat(1), used: fc.constantFrom(0, 0, 120) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(60_000, 7_000) }),
  ),
  { maxLength: 30 },
)
const lessonsToo = fc.array(fc.oneof(take, take, settle, release, pass, learn), { maxLength: 25 })

type Property = (create: (world: World) => Counters) => fc.IRawProperty<unknown>

/** Runs the rest with a world of its own. */
function inWorld(create: (world: World) => Counters, run: (world: World) => void): void {
  const world: World = { now: 1_000_000, create: () => create(world) }
  run(world)
}

function ignored(): void {
  // A bug forgets what it is told.
}

const invariants: readonly {
  readonly name: string
  readonly property: Property
  readonly bug: string
  readonly plant: (world: World) => Counters
}[] = [
  {
    name: 'I1: over any time no more is used than the capacity, the rate and what was underestimated',
    property: (create) =>
      fc.property(fc.oneof(generous, happenings), (all) =>
        inWorld(create, (world) => {
          const nodes = new Nodes(world, (amount) => [some(amount)])
          for (const what of all) nodes.do(what)
          for (const [from, first] of nodes.calls.entries()) {
            let used = 0
            let under = 0
            for (const call of nodes.calls.slice(from)) {
              used += call.actual
              under += Math.max(0, call.actual - call.reserved)
              expect(used).toBeLessThanOrEqual(100 + perMs * (call.at - first.at) + under + 1e-6)
            }
          }
        }),
      ),
    bug: 'a refund comes on top of what was refilled meanwhile',
    plant: (world) =>
      buggy(world, {
        bucket: (bucket) => Object.defineProperty(bucket, 'returnable', { get: () => 1e15, set: ignored }),
      }),
  },
  {
    name: 'I2: a refusal changes no bucket',
    property: (create) =>
      fc.property(happenings, fc.nat(120), (all, amount) =>
        inWorld(create, (world) => {
          const nodes = new Nodes(world, (part) => [some(part), { rule: slots, value: 't', amount: 1 }])
          for (const what of all) nodes.do(what)
          const seen = (): unknown =>
            sync(nodes.counters.inspect())
              .buckets.filter((one) => one.open > 0 || one.available < one.capacity)
              .toSorted((a, b) => (a.limit < b.limit ? -1 : 1))
          const before = seen()
          const asks = [{ rule: hourly, value: 'm', amount: 1 }, { rule: slots, value: 't', amount: 1 }, some(amount)]
          if (takeOf(nodes.counters, asks).outcome.kind === 'refused') expect(seen()).toEqual(before)
        }),
      ),
    bug: 'buckets are asked one after the other',
    plant: (world) => {
      const counters = createMemoryCounters({ scheduler: { elapsed: () => world.now } })
      const take = (holder: Holder, { id, asks }: TakeRequest): TakeOutcome => {
        for (const [index, ask] of asks.entries()) {
          const [outcome] = sync(counters.take(holder, [{ id: `${id}/${index}`, asks: [ask] }]))
          if (outcome?.kind === 'refused') return outcome
        }
        return { kind: 'granted' }
      }
      return { ...counters, take: (holder, requests) => requests.map((request) => take(holder, request)) }
    },
  },
  {
    name: 'I3: reserving and settling is the same as using, once, in whatever order',
    property: (create) =>
      fc.property(
        fc.array(fc.record({ reserved: fc.integer({ min: 1, max: 30 }), used: fc.nat(30) }), { maxLength: 3 }),
        fc.integer({ min: 1, max: 10 }),
        fc.nat(10),
        fc.nat(90_000),
        (others, reserved, used, ms) =>
          inWorld(create, (world) => {
            const whole = (counters: Counters): number => waitOf(probe(counters, some(100)))
            const [one, two, three, four] = [world.create(), world.create(), world.create(), world.create()]
            // One call, settled after a time, against the same use at its begin.
            const { id } = takeOf(one, [some(reserved)])
            if (used > 0) takeOf(two, [some(used)])
            world.now += ms
            for (let time = 0; time < 3; time++) sync(one.settle([{ id, actual: { tokens: used } }]))
            if (used <= reserved) expect(whole(one)).toBe(whole(two))
            else expect(whole(one)).toBeGreaterThanOrEqual(whole(two))
            // Several calls, settled in both orders.
            const taken = [three, four].map((counters) =>
              others.map((call) => ({ ...call, id: takeOf(counters, [some(call.reserved)]).id })),
            )
            world.now += Math.floor(ms / 10)
            const settlements = taken.map((calls) =>
              calls.map((call) => ({ id: call.id, actual: { tokens: call.used } })),
            )
            sync(three.settle(settlements[0] ?? []))
            sync(four.settle((settlements[1] ?? []).toReversed()))
            expect(whole(three)).toBe(whole(four))
          }),
      ),
    bug: 'a settled permit can be settled again',
    plant: (world) => buggy(world, { removed: () => undefined }),
  },
  {
    name: 'I4: a level is at most the capacity, and rises by time and by refunds of what was reserved only',
    property: (create) =>
      fc.property(lessonsToo, (all) =>
        inWorld(create, (world) => {
          const nodes = new Nodes(world, (amount) => [some(amount)])
          for (const what of all) {
            const before = available(nodes.counters)
            const open = nodes.calls.filter(({ isOpen }) => isOpen)
            nodes.do(what)
            const after = available(nodes.counters)
            const ended = open.find(({ isOpen }) => !isOpen)
            expect(after).toBeLessThanOrEqual(100)
            const allowed = ended === undefined ? 0 : ended.reserved - (what.kind === 'settle' ? what.used : 0)
            if (what.kind !== 'pass') expect(after - before).toBeLessThanOrEqual(Math.max(0, allowed))
          }
        }),
      ),
    bug: 'a little more is given back than was reserved',
    plant: (world) =>
      buggy(world, {
        removed: (rows, permit) => {
          rows.permits.delete(permit.id)
          for (const { bucket } of permit.parts) bucket.level += 2 * bucket.rule.unit
        },
      }),
  },
  {
    name: 'I5: never more leases than slots, and none when nobody lives',
    property: (create) =>
      fc.property(happenings, (all) =>
        inWorld(create, (world) => {
          const nodes = new Nodes(world, () => [{ rule: slots, value: 't', amount: 1 }])
          for (const what of all) {
            nodes.do(what)
            expect(nodes.calls.filter(({ isOpen }) => isOpen).length).toBeLessThanOrEqual(3)
          }
          world.now += ttlMs
          expect(probe(nodes.counters, { rule: slots, value: 't', amount: 3 }).kind).toBe('granted')
        }),
      ),
    bug: 'a slot is a counter that nobody lowers after a crash',
    plant: (world) => buggy(world, { isImmortal: true }),
  },
  {
    name: 'I6: where a request is refused, a larger one is too',
    property: (create) =>
      fc.property(happenings, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 }), (all, one, other) =>
        inWorld(create, (world) => {
          const nodes = new Nodes(world, (amount) => [some(amount)])
          for (const what of all) nodes.do(what)
          const large = probe(nodes.counters, some(Math.max(one, other)))
          const small = probe(nodes.counters, some(Math.min(one, other)))
          expect(waitOf(small)).toBeLessThanOrEqual(waitOf(large))
        }),
      ),
    bug: 'only half of a large request is looked at',
    plant: (world) => {
      const counters = createMemoryCounters({ scheduler: { elapsed: () => world.now } })
      const halved = (ask: Ask): Ask => (ask.amount > 50 ? { ...ask, amount: ask.amount - 50 } : ask)
      return {
        ...counters,
        take: (holder, requests) =>
          counters.take(
            holder,
            requests.map((request) => ({ ...request, asks: request.asks.map(halved) })),
          ),
      }
    },
  },
  {
    name: 'I7: several limits together are as strict as the strictest, no more and no less',
    property: (create) =>
      fc.property(happenings, fc.integer({ min: 1, max: 100 }), (all, amount) =>
        inWorld(create, (world) => {
          const each = (part: number): readonly Ask[] => [
            some(part),
            { rule: hourly, value: 'm', amount: 1 },
            { rule: slots, value: 't', amount: 1 },
          ]
          const nodes = new Nodes(world, each)
          for (const what of all) nodes.do(what)
          const alone = each(amount).map((ask) => waitOf(probe(nodes.counters, ask)))
          expect(waitOf(probe(nodes.counters, ...each(amount)))).toBe(Math.max(...alone))
        }),
      ),
    bug: 'the first limit that refuses says how long to wait',
    plant: (world) => {
      const counters = createMemoryCounters({ scheduler: { elapsed: () => world.now } })
      const hasty = (request: TakeRequest, outcome: TakeOutcome): TakeOutcome => {
        if (outcome.kind === 'granted') return outcome
        return (
          request.asks.map((ask) => probe(counters, ask)).find((alone): alone is Refusal => alone.kind === 'refused') ??
          outcome
        )
      }
      return {
        ...counters,
        take: (holder, requests) =>
          sync(counters.take(holder, requests)).map((outcome, index) => {
            const request = requests[index]
            return request === undefined ? outcome : hasty(request, outcome)
          }),
      }
    },
  },
  {
    name: 'I8: the wait is exact to the millisecond',
    property: (create) =>
      fc.property(lessonsToo, fc.integer({ min: 1, max: 100 }), (all, amount) =>
        inWorld(create, (world) => {
          const nodes = new Nodes(world, (part) => [some(part), { rule: slots, value: 't', amount: 1 }])
          for (const what of all) nodes.do(what)
          const asks = [some(amount), { rule: slots, value: 't', amount: 2 }]
          const waitMs = waitOf(probe(nodes.counters, ...asks))
          if (waitMs === 0) return
          world.now += waitMs - 1
          expect(probe(nodes.counters, ...asks).kind).toBe('refused')
          world.now += 1
          expect(probe(nodes.counters, ...asks).kind).toBe('granted')
        }),
      ),
    bug: 'a wait is told too long by a millisecond',
    plant: (world) => {
      const counters = createMemoryCounters({ scheduler: { elapsed: () => world.now } })
      return {
        ...counters,
        take: (holder, requests) =>
          sync(counters.take(holder, requests)).map((outcome) =>
            outcome.kind === 'granted' ? outcome : { ...outcome, retryAfterMs: outcome.retryAfterMs + 1 },
          ),
      }
    },
  },
  {
    name: 'I10: neither a clock that goes back nor an answer that comes twice makes tokens',
    property: (create) =>
      fc.property(
        fc.array(
          fc.record({ jump: fc.integer({ min: -40_000, max: 40_000 }), amount: fc.integer({ min: 1, max: 60 }) }),
        ),
        (all) =>
          inWorld(create, (world) => {
            const counters = world.create()
            const begin = world.now + (all[0]?.jump ?? 0)
            let latest = begin
            let granted = 0
            for (const { jump, amount } of all) {
              world.now += jump
              latest = Math.max(latest, world.now)
              const { id, outcome } = takeOf(counters, [some(amount)])
              if (outcome.kind === 'refused') continue
              granted += amount
              sync(counters.take(steady, [{ id, asks: [some(amount)] }]))
              for (let time = 0; time < 2; time++) sync(counters.settle([{ id, actual: { tokens: amount } }]))
              sync(counters.release([id]))
            }
            expect(granted).toBeLessThanOrEqual(100 + perMs * (latest - begin) + 1e-6)
          }),
      ),
    bug: 'a bucket follows the clock back, and is refilled for the same time again',
    plant: (world) => buggy(world, { bucket: (bucket, now) => (bucket.at = Math.min(bucket.at, now)) }),
  },
  {
    name: 'I11: what a provider says never raises a level',
    property: (create) =>
      fc.property(lessonsToo, learn, (all, lesson) =>
        inWorld(create, (world) => {
          const nodes = new Nodes(world, (amount) => [some(amount)])
          for (const what of all) nodes.do(what)
          const before = available(nodes.counters)
          const wait = waitOf(probe(nodes.counters, some(100)))
          nodes.do(lesson)
          expect(available(nodes.counters)).toBeLessThanOrEqual(before)
          expect(waitOf(probe(nodes.counters, some(100)))).toBeGreaterThanOrEqual(wait)
        }),
      ),
    bug: 'a level is what the provider says',
    plant: (world) =>
      buggy(world, {
        learned: (bucket, remaining) => (bucket.level = remaining * bucket.rule.unit),
      }),
  },
]

test.each(invariants)('$name', async ({ property }) => {
  await fc.assert(
    property((world) => createMemoryCounters({ scheduler: { elapsed: () => world.now } })),
    { numRuns: 300 },
  )
})

test.each(invariants)('$name: it is found when $bug', async ({ property, plant }) => {
  const found = await fc.check(property(plant), { numRuns: 5_000, endOnFailure: true })
  expect(found.failed).toBe(true)
})
