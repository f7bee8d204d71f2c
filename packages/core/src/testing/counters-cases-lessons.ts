import type { RateHeaders } from '../admission/limits/rate-headers.ts'
import { check, checkEqual } from './check.ts'
import { ask, bucketOf, requests, silent, take, tokens, waitOf, wants, type CountersCase } from './counters-case.ts'

const cooldown = 'openai/a/m'

function remaining(left: number): RateHeaders {
  return { windows: [{ counts: 'tokens', remaining: left }] }
}

/** What providers say. */
export const countersCasesLessons: readonly CountersCase[] = [
  {
    name: 'a provider lowers a level and never raises it',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 20)))
      await counters.learn([{ id: '1', headers: remaining(5_000), isThrottled: false }])
      checkEqual((await bucketOf(counters, tokens))?.available, 80, 'the level after a higher one')
      await counters.learn([{ id: '1', headers: remaining(30), isThrottled: false }])
      checkEqual((await bucketOf(counters, tokens))?.available, 30, 'the level after a lower one')
    },
  },
  {
    name: 'what was taken after the permit is not known to its answer',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 10)), wants('2', ask(tokens, 15)), wants('3', ask(tokens, 5)))
      await counters.learn([{ id: '2', headers: remaining(50), isThrottled: false }])
      checkEqual((await bucketOf(counters, tokens))?.available, 45, 'the level without the later one')
      await counters.learn([{ id: '1', headers: remaining(0), isThrottled: false }])
      checkEqual((await bucketOf(counters, tokens))?.available, 45, 'the level after an older answer')
    },
  },
  {
    name: 'other scopes than key and model are not the business of providers',
    run: async ({ open }) => {
      const counters = await open()
      const ours = { ...tokens, scope: 'tenant' } as const
      await take(counters, wants('1', ask(ours, 20)))
      await counters.learn([{ id: '1', headers: remaining(0), isThrottled: true }])
      checkEqual((await bucketOf(counters, ours))?.available, 80, 'the level')
    },
  },
  {
    name: 'a 429 without a time lowers the rate, once for calls that were under way together',
    run: async ({ open }) => {
      const counters = await open()
      await take(counters, wants('1', ask(tokens, 1)), wants('2', ask(tokens, 1)))
      await counters.learn(['1', '2'].map((id) => ({ id, headers: silent, isThrottled: true })))
      const bucket = await bucketOf(counters, tokens)
      checkEqual([bucket?.percent, bucket?.available], [70, 70], 'percent and level')
      await take(counters, wants('3', ask(tokens, 1)))
      await counters.learn([{ id: '3', headers: silent, isThrottled: true }])
      checkEqual((await bucketOf(counters, tokens))?.percent, 49, 'percent after the next one')
    },
  },
  {
    name: 'a pair cools down as long as the provider asked, and never shorter than it asked before',
    run: async ({ open, pass }) => {
      const counters = await open()
      await take(counters, wants('1', ask(requests, 1)))
      const after = (retryAfterMs: number) => ({ windows: [], retryAfterMs })
      await counters.learn([{ id: '1', headers: after(300), isThrottled: true, cooldown }])
      await counters.learn([{ id: 'gone', headers: after(5), isThrottled: true, cooldown }])
      checkEqual((await bucketOf(counters, requests))?.percent, 100, 'the rate')
      const paired = { ...wants('2', ask(requests, 1)), cooldown }
      const waitMs = await waitOf(counters, paired)
      check(waitMs > 5 && waitMs <= 300, `300 ms of cooldown end in ${waitMs} ms`)
      checkEqual(await take(counters, paired), ['cooldown cooldown'], 'the pair')
      checkEqual(
        (await counters.inspect()).cooldowns.map(({ key }) => key),
        [cooldown],
        'what cools',
      )
      checkEqual(await take(counters, { ...paired, id: '3', cooldown: 'openai/b/m' }), ['granted'], 'another pair')
      await pass(300)
      checkEqual(await take(counters, paired), ['granted'], 'the pair later')
      checkEqual((await counters.inspect()).cooldowns, [], 'what cools later')
    },
  },
]
