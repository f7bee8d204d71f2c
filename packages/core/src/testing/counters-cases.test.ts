// Every case must be able to fail: each planted bug breaks the case that is there to find it.

import { expect, test } from 'vitest'
import { createMemoryCounters } from '../admission/limits/memory-counters.ts'
import type { Counters, TakeRequest, Turn } from '../admission/limits/counters.ts'
import type { CountersCase } from './counters-case.ts'
import { countersCases } from './counters-cases.ts'

async function run(one: CountersCase, plant: (counters: Counters) => Counters): Promise<void> {
  let now = 1_000
  const counters = plant(createMemoryCounters({ scheduler: { elapsed: () => now } }))
  const pass = async (ms: number): Promise<void> => {
    now += ms
  }
  await one.run({ open: async () => counters, openAgain: async () => counters, pass })
}

test.each(countersCases)('$name', (one) => run(one, (counters) => counters))

function withTurns(requests: readonly TakeRequest[], change: Partial<Turn>): readonly TakeRequest[] {
  return requests.map(({ turn, ...rest }) => (turn === undefined ? rest : { ...rest, turn: { ...turn, ...change } }))
}

/** Counters with a bug, and one case that must find it. */
const planted: readonly { readonly bug: string; readonly foundBy: string; plant(counters: Counters): Counters }[] = [
  {
    bug: 'each bucket is asked by itself',
    foundBy: 'a refused request takes nothing, of no bucket',
    plant: (counters) => ({
      ...counters,
      take: async (holder, requests) => {
        const outcomes = []
        for (const request of requests) {
          const parts = request.asks.map((one, index) => ({ ...request, id: `${request.id}-${index}`, asks: [one] }))
          const all = await counters.take(holder, parts)
          outcomes.push(all.find(({ kind }) => kind === 'refused') ?? { kind: 'granted' as const })
        }
        return outcomes
      },
    }),
  },
  {
    bug: 'requests of one call are decided one by one',
    foundBy: 'in one call nobody overtakes a refused one at its bucket, and everybody passes elsewhere',
    plant: (counters) => ({
      ...counters,
      take: async (holder, requests) => {
        const outcomes = []
        for (const request of requests) outcomes.push(...(await counters.take(holder, [request])))
        return outcomes
      },
    }),
  },
  {
    bug: 'a repeated request is a new one',
    foundBy: 'the same request twice is granted once',
    plant: (counters) => {
      let count = 0
      return {
        ...counters,
        take: (holder, requests) =>
          counters.take(
            holder,
            requests.map((request) => ({ ...request, id: `${request.id}-${count++}` })),
          ),
      }
    },
  },
  {
    bug: 'a settlement is lost',
    foundBy: 'what was not used comes back, once',
    plant: (counters) => ({ ...counters, settle: () => undefined }),
  },
  {
    bug: 'settling gives everything back',
    foundBy: 'what was used beyond the reservation is debt',
    plant: (counters) => ({ ...counters, settle: (all) => counters.release(all.map(({ id }) => id)) }),
  },
  {
    bug: 'nobody dies',
    foundBy: 'the slots of a dead process are free after its time, its tokens are not',
    plant: (counters) => ({
      ...counters,
      take: (holder, requests) => counters.take({ ...holder, ttlMs: 1e9 }, requests),
    }),
  },
  {
    bug: 'beats are not heard',
    foundBy: 'a process that beats keeps its slots',
    plant: (counters) => ({ ...counters, beat: () => undefined }),
  },
  {
    bug: 'leaving is not heard',
    foundBy: 'a process that leaves leaves its slots',
    plant: (counters) => ({ ...counters, leave: () => undefined }),
  },
  {
    bug: 'lessons are not heard',
    foundBy: 'a provider lowers a level and never raises it',
    plant: (counters) => ({ ...counters, learn: () => undefined }),
  },
  {
    bug: 'whoever asks first is served',
    foundBy: 'what comes back is kept for the process whose turn it is',
    plant: (counters) => ({
      ...counters,
      take: (holder, requests) =>
        counters.take(
          holder,
          requests.map(({ id, asks }) => ({ id, asks })),
        ),
    }),
  },
  {
    bug: 'tenants have no weights',
    foundBy: 'a tenant that waits goes before one that had more, by weight',
    plant: (counters) => ({
      ...counters,
      take: (holder, requests) => counters.take(holder, withTurns(requests, { weight: 1 })),
    }),
  },
  {
    bug: 'only those who ask count',
    foundBy: 'those that wait behind in another process keep their share too',
    plant: (counters) => ({
      ...counters,
      take: (holder, requests) => counters.take(holder, withTurns(requests, { behind: 0 })),
    }),
  },
  {
    bug: 'everything is as urgent',
    foundBy: 'the more urgent goes first, whoever came first',
    plant: (counters) => ({
      ...counters,
      take: (holder, requests) => counters.take(holder, withTurns(requests, { priority: 'normal' })),
    }),
  },
  {
    bug: 'a place is made for everybody',
    foundBy: 'a full bucket is kept for nobody, and neither is anything for who does not come again',
    plant: (counters) => ({
      ...counters,
      take: (holder, requests) => counters.take(holder, withTurns(requests, { comesAgain: true })),
    }),
  },
  {
    bug: 'cooldowns are not looked at',
    foundBy: 'a pair cools down as long as the provider asked, and never shorter than it asked before',
    plant: (counters) => ({
      ...counters,
      take: (holder, requests) =>
        counters.take(
          holder,
          requests.map(({ id, asks }) => ({ id, asks })),
        ),
    }),
  },
]

test.each(planted)('the cases find it when $bug', async ({ foundBy, plant }) => {
  const one = countersCases.find(({ name }) => name === foundBy)
  if (one === undefined) throw new Error(`there is no case "${foundBy}"`)
  await expect(run(one, plant)).rejects.toThrow()
})
