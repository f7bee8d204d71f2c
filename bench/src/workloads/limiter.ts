import { join } from 'node:path'
import { createLimiter, createMemoryCounters, type Counters, type Limit, type Limiter, type Permit } from '@meepo/core'
import { createNodeMachine } from '@meepo/engine-embedded'
import { openSqliteStore } from '@meepo/store-sqlite'
import { median, timed } from '../harness/rounds.ts'
import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'

/** Four limits for each call, so wide that no call waits. */
const limits: readonly Limit[] = [
  { name: 'requests', scope: 'key', counts: 'requests', amount: 1_000_000_000, per: 'minute' },
  { name: 'tokens', scope: 'key', counts: 'tokens', amount: 100_000_000_000, per: 'minute' },
  { name: 'of-tenant', scope: 'tenant', counts: 'tokens', amount: 100_000_000_000, per: 'hour' },
  { name: 'at-once', scope: 'key', counts: 'concurrent', amount: 100_000 },
]
const callers = 500

/** What a limited call costs: a decision over four limits, and its settlement. */
export const limiter: Workload = {
  id: 'limiter',
  title: 'Limiter: a decision over four limits and its settlement',
  cases: [
    // 200,000 a second, and the same whatever the number of keys.
    inMemory('10 keys', 10),
    inMemory('100,000 keys', 100_000),
    { name: 'shared on a file, 500 callers', measure: measureShared },
  ],
}

/** Microseconds a call. */
interface Round {
  readonly decided: number
  readonly settled: number
  readonly cpu: number
}

function inMemory(name: string, keys: number): Case {
  return {
    name,
    measure: async (bench) => {
      const { scheduler } = createNodeMachine()
      const gate = open(createMemoryCounters({ scheduler }))
      const names = Array.from({ length: keys }, (_, index) => `key-${index}`)
      let count = 0
      const round = async (calls: number): Promise<Round> => {
        let settledMs = 0
        const { wallMs, cpuMs } = await timed(async () => {
          // As many are open at a time as a busy process has.
          for (let left = calls; left > 0; left -= callers) {
            const permits: Permit[] = []
            for (let call = 0; call < callers; call++)
              permits.push(await take(gate, count++, names[count % keys] ?? ''))
            const begin = performance.now()
            for (const permit of permits) permit.settle(used)
            settledMs += performance.now() - begin
          }
        })
        const perCall = 1_000 / calls
        return { decided: (wallMs - settledMs) * perCall, settled: settledMs * perCall, cpu: cpuMs * perCall }
      }
      const calls = bench.isQuick ? 1_000 : 200_000
      await round(calls)
      const rounds: Round[] = []
      for (let index = 0; index < (bench.isQuick ? 1 : 7); index++) rounds.push(await round(calls))
      await gate.close()
      const common = { unit: 'µs', floor: null, isDurable: false }
      const of = (field: 'decided' | 'settled' | 'cpu'): number => median(rounds.map((one) => one[field]))
      return [
        { ...common, case: `${name}: a decision`, value: of('decided'), hold: 5 },
        { ...common, case: `${name}: a settlement`, value: of('settled'), hold: null },
        { ...common, case: `${name}: both, processor time`, value: of('cpu'), hold: null },
      ]
    },
  }
}

async function measureShared(bench: Bench): Promise<readonly Figure[]> {
  const store = await openSqliteStore({ path: join(bench.folder, 'limits.db') })
  const gate = open(store.counters)
  let count = 0
  const round = async (ms: number): Promise<number> => {
    const begin = count
    const until = performance.now() + ms
    const caller = async (index: number): Promise<void> => {
      while (performance.now() < until) (await take(gate, count++, `key-${index % 10}`)).settle(used)
    }
    const { wallMs } = await timed(() => Promise.all(Array.from({ length: callers }, (_, index) => caller(index))))
    return (wallMs * 1_000) / (count - begin)
  }
  await round(bench.isQuick ? 20 : 500)
  const rounds: number[] = []
  for (let index = 0; index < (bench.isQuick ? 1 : 5); index++) rounds.push(await round(bench.isQuick ? 50 : 1_000))
  await gate.close()
  await store.close()
  const name = 'shared on a file, 500 callers'
  return [{ case: name, value: median(rounds), unit: 'µs/call', floor: null, hold: null, isDurable: true }]
}

function open(counters: Counters): Limiter {
  return createLimiter({ limits, counters, ...createNodeMachine() })
}

const used = { inputTokens: 400, outputTokens: 100 }

function take(gate: Limiter, call: number, key: string): Promise<Permit> {
  return gate.acquire({
    id: `call-${call}`,
    tenant: 'tenant',
    scopes: { key, tenant: 'tenant', model: 'model' },
    estimate: { inputTokens: 500, outputTokens: 500 },
  })
}
