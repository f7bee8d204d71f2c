import { check, checkEqual } from './check.ts'
import {
  ask,
  brief,
  bucketOf,
  nothingNew,
  slots,
  steady,
  take,
  takeAs,
  tokens,
  waitOf,
  wants,
  type CountersCase,
} from './counters-case.ts'

/** Processes that come, share and die. */
export const countersCasesHolders: readonly CountersCase[] = [
  {
    name: 'two handles share buckets, slots and permits',
    run: async ({ open, openAgain }) => {
      const one = await open()
      const other = await openAgain()
      checkEqual(await take(one, wants('1', ask(tokens, 70), ask(slots, 1))), ['granted'], 'the first')
      const taken = await takeAs(other, brief, wants('2', ask(tokens, 31)), wants('3', ask(slots, 2)))
      checkEqual(taken, ['rate tokens', 'concurrent slots'], 'too much for the other')
      await other.settle([{ id: '1', actual: { tokens: 10 } }])
      checkEqual(await takeAs(other, brief, wants('4', ask(tokens, 90), ask(slots, 2))), ['granted'], 'then')
    },
  },
  {
    name: 'the slots of a dead process are free after its time, its tokens are not',
    run: async ({ open, openAgain, pass }) => {
      const one = await open()
      const other = await openAgain()
      await takeAs(other, brief, wants('1', ask(slots, 2), ask(tokens, 60)))
      const waitMs = await waitOf(one, wants('2', ask(slots, 1)))
      check(waitMs > 0 && waitMs <= brief.ttlMs, `a lease of ${brief.ttlMs} ms ends in ${waitMs} ms`)
      await pass(waitMs)
      checkEqual(await take(one, wants('2', ask(slots, 2))), ['granted'], 'after its time')
      checkEqual((await bucketOf(one, tokens))?.available, 40, 'the tokens')
      // The dead one was only slow: what it says now changes nothing.
      await other.settle([{ id: '1', actual: { tokens: 0 } }])
      await other.release(['1'])
      checkEqual((await bucketOf(one, tokens))?.available, 40, 'the tokens then')
      checkEqual((await bucketOf(one, slots))?.available, 0, 'the slots then')
    },
  },
  {
    name: 'a process that beats keeps its slots',
    run: async ({ open, pass }) => {
      const counters = await open()
      await takeAs(counters, brief, wants('1', ask(slots, 2)))
      for (let beat = 0; beat < 4; beat++) {
        await pass(brief.ttlMs / 3)
        await counters.beat(brief, nothingNew)
      }
      checkEqual(await take(counters, wants('2', ask(slots, 1))), ['concurrent slots'], 'another')
    },
  },
  {
    name: 'a process that leaves leaves its slots',
    run: async ({ open }) => {
      const counters = await open()
      await counters.beat(brief, nothingNew)
      await takeAs(counters, brief, wants('1', ask(slots, 2)))
      await take(counters, wants('2', ask(tokens, 10)))
      await counters.leave(brief, nothingNew)
      checkEqual(await take(counters, wants('3', ask(slots, 2))), ['granted'], 'another')
      await counters.leave(steady, nothingNew)
      checkEqual((await bucketOf(counters, tokens))?.open, 0, 'what is open')
    },
  },
  {
    name: 'who waits in a dead process is not shown',
    run: async ({ open, pass }) => {
      const counters = await open()
      await counters.beat(brief, { tallies: [], waiting: [{ limit: 'tokens', tenant: 'acme', count: 1 }] })
      checkEqual((await counters.inspect()).waiting.length, 1, 'before')
      await pass(brief.ttlMs)
      await take(counters, wants('1', ask(tokens, 1)))
      checkEqual((await counters.inspect()).waiting, [], 'after')
    },
  },
  {
    name: 'slots of several processes end one after the other',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(slots, 1)))
      await takeAs(counters, brief, wants('2', ask(slots, 1)))
      const one = await waitOf(counters, wants('3', ask(slots, 1)))
      const two = await waitOf(counters, wants('4', ask(slots, 2)))
      check(one <= brief.ttlMs && two > brief.ttlMs, `one slot after ${one} ms, two after ${two} ms`)
    },
  },
]
