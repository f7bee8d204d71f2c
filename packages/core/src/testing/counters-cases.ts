import { check, checkEqual } from './check.ts'
import {
  ask,
  brief,
  bucketOf,
  nothingNew,
  requests,
  silent,
  slots,
  steady,
  take,
  tokens,
  waitOf,
  wants,
  type CountersCase,
} from './counters-case.ts'
import { countersCasesHolders } from './counters-cases-holders.ts'
import { countersCasesLessons } from './counters-cases-lessons.ts'
import { countersCasesTurns } from './counters-cases-turns.ts'

const asking: readonly CountersCase[] = [
  {
    name: 'a bucket gives what it holds and then names itself and the time',
    run: async ({ open }) => {
      const counters = await open()
      checkEqual(
        await take(counters, wants('1', ask(tokens, 60)), wants('2', ask(tokens, 40))),
        ['granted', 'granted'],
        'both',
      )
      checkEqual(await take(counters, wants('3', ask(tokens, 1))), ['rate tokens'], 'one more')
      const waitMs = await waitOf(counters, wants('4', ask(tokens, 1)))
      check(waitMs > 30_000 && waitMs <= 36_000, `a token comes back after ${waitMs} ms, not after 36 s`)
    },
  },
  {
    name: 'a refused request takes nothing, of no bucket',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 90)))
      const both = wants('2', ask(requests, 1), ask(slots, 1), ask(tokens, 20))
      checkEqual(await take(counters, both), ['rate tokens'], 'the request')
      const free = [bucketOf(counters, requests), bucketOf(counters, slots)]
      for (const view of await Promise.all(free)) check(view === undefined || view.open === 0, 'something was taken')
      const rest = wants('3', ask(requests, 10), ask(slots, 2), ask(tokens, 10))
      checkEqual(await take(counters, rest), ['granted'], 'what was left')
    },
  },
  {
    name: 'the bucket with the longest wait binds',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 100), ask(requests, 10)))
      // A request comes back after 6 minutes, a token after 36 seconds.
      checkEqual(await take(counters, wants('2', ask(tokens, 1), ask(requests, 1))), ['rate requests'], 'the refusal')
    },
  },
  {
    name: 'a request that is larger than a bucket is impossible, whatever the level',
    run: async ({ open }) => {
      const counters = await open()
      checkEqual(
        await take(counters, wants('1', ask(requests, 1), ask(tokens, 101))),
        ['impossible tokens'],
        'the refusal',
      )
      checkEqual(await take(counters, wants('2', ask(tokens, 100))), ['granted'], 'as much as it holds')
    },
  },
  {
    name: 'in one call nobody overtakes a refused one at its bucket, and everybody passes elsewhere',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 50)))
      const asked = [
        wants('large', ask(tokens, 80)),
        wants('small', ask(tokens, 1)),
        wants('elsewhere', ask(tokens, 1, 'b')),
      ]
      checkEqual(await take(counters, ...asked), ['rate tokens', 'rate tokens', 'granted'], 'the outcomes')
    },
  },
  {
    name: 'the same request twice is granted once',
    run: async ({ open }) => {
      const counters = await open()
      const once = wants('1', ask(tokens, 60), ask(slots, 1))
      checkEqual(await take(counters, once), ['granted'], 'the first time')
      checkEqual(await take(counters, once, once), ['granted', 'granted'], 'again')
      checkEqual(await take(counters, wants('2', ask(tokens, 40), ask(slots, 1))), ['granted'], 'what was left')
    },
  },
  {
    name: 'a bucket fills smoothly, and a wait is long enough',
    run: async ({ open, pass }) => {
      const counters = await open()
      const fast = { ...tokens, per: 'second', amount: 100 } as const
      await take(counters, wants('1', ask(fast, 100)))
      const waitMs = await waitOf(counters, wants('2', ask(fast, 10)))
      check(waitMs > 0 && waitMs <= 100, `ten tokens of 100 a second take ${waitMs} ms`)
      await pass(waitMs)
      checkEqual(await take(counters, wants('2', ask(fast, 10))), ['granted'], 'after the wait')
    },
  },
  {
    name: 'a changed configuration keeps what was used',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 30)))
      const more = { ...tokens, amount: 1_000 }
      checkEqual(await take(counters, wants('2', ask(more, 71))), ['rate tokens'], 'more than was left')
      checkEqual(await take(counters, wants('3', ask(more, 70))), ['granted'], 'what was left')
    },
  },
]

const ending: readonly CountersCase[] = [
  {
    name: 'what was not used comes back, once',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 100), ask(requests, 1), ask(slots, 2)))
      for (let time = 0; time < 2; time++) await counters.settle([{ id: '1', actual: { tokens: 30 } }])
      await counters.release(['1', 'nobody'])
      const next = wants('2', ask(tokens, 71))
      checkEqual(await take(counters, next), ['rate tokens'], 'more than came back')
      checkEqual(await take(counters, wants('3', ask(tokens, 70), ask(slots, 2))), ['granted'], 'what came back')
      checkEqual(await take(counters, wants('4', ask(requests, 10))), ['rate requests'], 'the request was made')
    },
  },
  {
    name: 'what was used beyond the reservation is debt',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 50)))
      await counters.settle([{ id: '1', actual: { tokens: 200 } }])
      checkEqual((await bucketOf(counters, tokens))?.available, -100, 'the level')
      const waitMs = await waitOf(counters, wants('2', ask(tokens, 1)))
      check(waitMs > 3_600_000, `a debt of an hour is paid in ${waitMs} ms`)
    },
  },
  {
    name: 'a usage that nobody knows or believes keeps its reservation',
    run: async ({ open }) => {
      const counters = await open()
      for (const [index, used] of [undefined, -1, 1e18].entries()) {
        const id = String(index)
        await take(counters, wants(id, ask(tokens, 20), ask(slots, 1)))
        await counters.settle([{ id, actual: used === undefined ? {} : { tokens: used } }])
      }
      checkEqual((await bucketOf(counters, tokens))?.available, 40, 'the level')
      checkEqual((await bucketOf(counters, slots))?.open ?? 0, 0, 'the open slots')
    },
  },
  {
    name: 'a call that was not sent gives everything back',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 100), ask(requests, 10), ask(slots, 2)))
      await counters.release(['1'])
      await counters.settle([{ id: '1', actual: { tokens: 100 } }])
      const all = wants('2', ask(tokens, 100), ask(requests, 10), ask(slots, 2))
      checkEqual(await take(counters, all), ['granted'], 'everything')
    },
  },
  {
    name: 'slots are given out up to their number',
    run: async ({ open }) => {
      const counters = await open()
      const asked = ['1', '2', '3'].map((id) => wants(id, ask(slots, 1)))
      checkEqual(await take(counters, ...asked), ['granted', 'granted', 'concurrent slots'], 'the outcomes')
      await counters.settle([{ id: '1', actual: {} }])
      checkEqual(
        await take(counters, wants('4', ask(slots, 1)), wants('5', ask(slots, 1))),
        ['granted', 'concurrent slots'],
        'later',
      )
    },
  },
  {
    name: 'what is told is shown, added up',
    run: async ({ open }) => {
      const counters = await open()
      const tally = {
        limit: 'tokens',
        requests: 3,
        waits: 2,
        waitedMs: 70,
        longestWaitMs: 50,
        refusals: 1,
        throttles: 4,
      }
      const waiting = [{ limit: 'tokens', tenant: 'acme', count: 2 }]
      await counters.beat(steady, { tallies: [tally], waiting })
      await counters.beat(brief, { tallies: [{ ...tally, longestWaitMs: 20 }], waiting })
      await take(counters, wants('1', ask(tokens, 25)))
      const view = await counters.inspect()
      const sum = {
        limit: 'tokens',
        requests: 6,
        waits: 4,
        waitedMs: 140,
        longestWaitMs: 50,
        refusals: 2,
        throttles: 8,
      }
      checkEqual(view.tallies, [sum], 'the tallies')
      checkEqual(view.waiting, [{ limit: 'tokens', tenant: 'acme', count: 4 }], 'who waits')
      const bucket = {
        limit: 'tokens',
        value: 'a',
        counts: 'tokens',
        capacity: 100,
        available: 75,
        open: 25,
        percent: 100,
      }
      checkEqual(view.buckets, [bucket], 'the buckets')
      await counters.learn([{ id: '1', headers: silent, isThrottled: false }])
      await counters.leave(brief, nothingNew)
      checkEqual((await counters.inspect()).waiting, [{ limit: 'tokens', tenant: 'acme', count: 2 }], 'who waits then')
    },
  },
]

/** What all counters must show, as data: no test runner is imported. */
export const countersCases: readonly CountersCase[] = [
  ...asking,
  ...ending,
  ...countersCasesHolders,
  ...countersCasesLessons,
  ...countersCasesTurns,
]
