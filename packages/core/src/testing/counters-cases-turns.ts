import type { Ask, Counters, Holder, TakeRequest, Turn } from '../admission/limits/counters.ts'
import { check, checkEqual } from './check.ts'
import {
  ask,
  bucketOf,
  requests,
  slots,
  take,
  takeAs,
  tokens,
  waitOf,
  wants,
  type CountersCase,
} from './counters-case.ts'

/** The other process; it lives through a whole case too. */
const second: Holder = { id: 'second', ttlMs: 60_000 }
/** Whoever asks for the first time, and does not wait. */
const newcomer: Turn = { tenant: 'once', weight: 9, priority: 'normal', comesAgain: false, behind: 0 }
/** Longer than a place is kept for a request that does not come again. */
const lapsedMs = 300

/** A request of a tenant that comes again, in the order of turns. */
function turnOf(id: string, tenant: string, asks: readonly Ask[], change: Partial<Turn> = {}): TakeRequest {
  const [first] = asks
  const waitsFor = { limit: first?.rule.name ?? '', value: first?.value ?? '' }
  const turn = { tenant, weight: 1, priority: 'normal', comesAgain: true, behind: 0, waitsFor, ...change } as const
  return { ...wants(id, ...asks), turn }
}

/** A full bucket of 100 without what comes back, all taken; `free` gives so much of it back. */
async function emptied(counters: Counters): Promise<(amount: number) => Promise<void>> {
  await take(counters, ...Array.from({ length: 10 }, (_, index) => wants(`full ${index}`, ask(tokens, 10))))
  let next = 0
  return async (amount) => {
    await counters.release(Array.from({ length: amount / 10 }, () => `full ${next++}`))
  }
}

/** The fair order between processes. */
export const countersCasesTurns: readonly CountersCase[] = [
  {
    name: 'what comes back is kept for the process whose turn it is',
    run: async ({ open, openAgain }) => {
      const [one, other] = [await open(), await openAgain()]
      const free = await emptied(one)
      const first = turnOf('first', 'acme', [ask(tokens, 20)])
      checkEqual(await take(one, first), ['rate tokens'], 'the first')
      const later = turnOf('later', 'other', [ask(tokens, 30)])
      checkEqual(await takeAs(other, second, later), ['rate tokens'], 'the second')
      await free(30)
      checkEqual(await takeAs(other, second, later), ['rate tokens'], 'the second before the first')
      checkEqual(await take(one, first), ['granted'], 'the first, again')
      await free(20)
      checkEqual(await takeAs(other, second, later), ['granted'], 'the second after it')
    },
  },
  {
    name: 'a tenant that waits goes before one that had more, by weight',
    run: async ({ open, openAgain }) => {
      const [one, other] = [await open(), await openAgain()]
      const free = await emptied(one)
      const heavy = ['1', '2'].map((id) => turnOf(`heavy ${id}`, 'heavy', [ask(tokens, 10)], { weight: 4 }))
      const light = ['1', '2'].map((id) => turnOf(`light ${id}`, 'light', [ask(tokens, 10)]))
      await take(one, ...light)
      await takeAs(other, second, ...heavy)
      await free(20)
      checkEqual(await take(one, ...light), ['rate tokens', 'rate tokens'], 'the light one before the heavy one')
      checkEqual(await takeAs(other, second, ...heavy), ['granted', 'granted'], 'the heavy one')
      await free(10)
      checkEqual(await take(one, ...light), ['granted', 'rate tokens'], 'the light one')
    },
  },
  {
    name: 'those that wait behind in another process keep their share too',
    run: async ({ open, openAgain, pass }) => {
      const [one, other] = [await open(), await openAgain()]
      const free = await emptied(one)
      const few = ['1', '2'].map((id) => turnOf(`few ${id}`, 'few', [ask(tokens, 10)]))
      const many = ['1', '2'].map((id) => turnOf(`many ${id}`, 'many', [ask(tokens, 10)], { behind: 2 }))
      await takeAs(other, second, ...many.slice(0, 1))
      await take(one, ...few)
      await free(30)
      checkEqual(await take(one, ...few), ['granted', 'rate tokens'], 'a turn of each')
      checkEqual(await takeAs(other, second, ...many), ['granted', 'rate tokens'], 'what was kept')
      checkEqual(await take(one, ...few.slice(1)), ['granted'], 'the next')
      await free(20)
      const last = ['3', '4'].map((id) => turnOf(`few ${id}`, 'few', [ask(tokens, 10)]))
      checkEqual(await take(one, ...last), ['rate tokens', 'rate tokens'], 'while it is kept')
      await pass(1_000)
      checkEqual(await take(one, ...last), ['granted', 'granted'], 'when the others did not come again')
    },
  },
  {
    name: 'the more urgent goes first, whoever came first',
    run: async ({ open, openAgain }) => {
      const [one, other] = [await open(), await openAgain()]
      const free = await emptied(one)
      const normal = turnOf('normal', 'acme', [ask(tokens, 10)])
      const low = turnOf('low', 'acme', [ask(tokens, 10)], { priority: 'low' })
      await take(one, low, normal)
      const high = turnOf('high', 'other', [ask(tokens, 10)], { priority: 'high' })
      checkEqual(await takeAs(other, second, high), ['rate tokens'], 'none is left')
      await free(10)
      checkEqual(await take(one, low, normal), ['rate tokens', 'rate tokens'], 'less urgent ones')
      checkEqual(await takeAs(other, second, high), ['granted'], 'the most urgent one')
      await free(10)
      checkEqual(await take(one, low, normal), ['rate tokens', 'granted'], 'the next')
    },
  },
  {
    name: 'a large request is not overtaken by small ones of other processes for ever',
    run: async ({ open, openAgain }) => {
      const [one, other] = [await open(), await openAgain()]
      const free = await emptied(one)
      const large = turnOf('large', 'large', [ask(tokens, 40)])
      let granted = 0
      for (let round = 0; round < 20; round++) {
        const [outcome] = await take(one, large)
        if (outcome === 'granted') return
        const small = turnOf(`small ${round}`, 'small', [ask(tokens, 10)])
        if ((await takeAs(other, second, small))[0] === 'granted') granted++
        if (round < 9) await free(10)
      }
      check(false, `the large one was not served, but ${granted} small ones`)
    },
  },
  {
    name: 'whoever does not come again loses its turn',
    run: async ({ open, openAgain, pass }) => {
      const [one, other] = [await open(), await openAgain()]
      const free = await emptied(one)
      await takeAs(other, second, turnOf('gone', 'other', [ask(tokens, 20)]))
      await free(20)
      const here = turnOf('here', 'acme', [ask(tokens, 20)])
      checkEqual(await take(one, here), ['rate tokens'], 'while the place is kept')
      const waitMs = await waitOf(one, here)
      check(waitMs > 0 && waitMs <= lapsedMs, `a place is kept for ${waitMs} ms`)
      await pass(waitMs)
      checkEqual(await take(one, here), ['granted'], 'afterwards')
    },
  },
  {
    name: 'a full bucket is kept for nobody, and neither is anything for who does not come again',
    run: async ({ open, pass }) => {
      const counters = await open()
      const free = await emptied(counters)
      await take(counters, turnOf('one', 'one', [ask(tokens, 60)]))
      const two = turnOf('two', 'two', [ask(tokens, 60)])
      await take(counters, two)
      await free(100)
      checkEqual(await take(counters, two), ['granted'], 'the one behind, of a full bucket')
      await pass(lapsedMs)
      const once = { ...wants('once', ask(tokens, 100)), turn: newcomer }
      checkEqual(await take(counters, once), ['rate tokens'], 'one that does not wait')
      checkEqual(await take(counters, turnOf('next', 'next', [ask(tokens, 40)])), ['granted'], 'what is left')
    },
  },
  {
    name: 'two that lack each other’s buckets do not wait for each other',
    run: async ({ open, openAgain }) => {
      const [one, other] = [await open(), await openAgain()]
      await take(one, wants('tokens', ask(tokens, 100)), wants('slots', ask(slots, 2)))
      const here = turnOf('here', 'acme', [ask(tokens, 10), ask(slots, 1)])
      const there = turnOf('there', 'other', [ask(slots, 1), ask(tokens, 10)])
      for (let round = 0; round < 2; round++) {
        await take(one, here)
        await takeAs(other, second, there)
      }
      await one.release(['tokens', 'slots'])
      for (let round = 0; round < 2; round++) {
        await take(one, here)
        await takeAs(other, second, there)
      }
      checkEqual((await bucketOf(one, tokens))?.open, 20, 'what both hold')
    },
  },
  {
    name: 'a turn is taken once, and who waits for nothing that it asks for takes none',
    run: async ({ open }) => {
      const counters = await open()
      const free = await emptied(counters)
      const one = turnOf('one', 'acme', [ask(tokens, 10)])
      await take(counters, one)
      await free(10)
      checkEqual(await take(counters, one, one), ['granted', 'granted'], 'twice')
      checkEqual((await bucketOf(counters, tokens))?.available, 0, 'what is left')
      const strange = turnOf('strange', 'acme', [ask(requests, 1)], { waitsFor: { limit: 'tokens', value: 'a' } })
      checkEqual(await take(counters, strange), ['granted'], 'another bucket')
    },
  },
]
