import { join } from 'node:path'
import type { CostQuery } from '@meepo/core'
import { openSqliteStore } from '@meepo/store-sqlite'
import { median, timed } from '../harness/rounds.ts'
import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { bookMonth } from '../money/month.ts'
import { runPairs, type PairKind } from '../money/pairs.ts'
import { startSecond } from '../money/second-process.ts'

const callers = 500

/** What it costs to set money aside durably, and how long the sums take. */
export const money: Workload = {
  id: 'money',
  title: 'Money: 500 callers reserve on three scopes and settle, durably; reports over a month',
  cases: [
    // 30,000 pairs a second, and 15,000 with two processes on the file.
    pairs('reserve and settle', 'bare', 1_000_000 / 30_000),
    pairs('reserve, settle and a line of the ledger', 'ledger', null),
    twoProcesses('two processes: reserve and settle', 'bare', 1_000_000 / 15_000),
    twoProcesses('two processes: reserve, settle and a line of the ledger', 'ledger', null),
    { name: 'reports over a month of 1,000,000 calls', measure: measureReports },
  ],
}

function pairs(name: string, kind: PairKind, hold: number | null): Case {
  return {
    name,
    measure: async (bench) => {
      const store = await openSqliteStore({ path: join(bench.folder, 'money.db') })
      const round = async (prefix: string, ms: number): Promise<{ wall: number; cpu: number }> => {
        let count = 0
        const { wallMs, cpuMs } = await timed(async () => {
          count = await runPairs(store, { prefix, callers: bench.isQuick ? 20 : callers, ms, kind })
        })
        return { wall: (wallMs * 1_000) / count, cpu: (cpuMs * 1_000) / count }
      }
      await round('w', bench.isQuick ? 20 : 1_000)
      const rounds = []
      for (let index = 0; index < (bench.isQuick ? 1 : 5); index++) {
        rounds.push(await round(`r${index}-`, bench.isQuick ? 50 : 1_000))
      }
      await store.close()
      const cpu = median(rounds.map((one) => one.cpu))
      return [figure(name, median(rounds.map((one) => one.wall)), 'µs/pair', hold, cpu)]
    },
  }
}

function twoProcesses(name: string, kind: PairKind, hold: number | null): Case {
  return {
    name,
    measure: async (bench) => {
      const path = join(bench.folder, 'two.db')
      const store = await openSqliteStore({ path })
      const half = bench.isQuick ? 10 : callers / 2
      await runPairs(store, { prefix: 'w', callers: half, ms: bench.isQuick ? 20 : 500, kind })
      const rounds: number[] = []
      for (let index = 0; index < (bench.isQuick ? 1 : 5); index++) {
        const ms = bench.isQuick ? 50 : 2_000
        const second = await startSecond(path, half, ms, kind)
        const own = runPairs(store, { prefix: `a${index}-`, callers: half, ms, kind })
        const [here, there] = await Promise.all([own, second.run()])
        rounds.push((ms * 1_000) / (here + there))
      }
      await store.close()
      return [figure(name, median(rounds), 'µs/pair', hold)]
    },
  }
}

async function measureReports(bench: Bench): Promise<readonly Figure[]> {
  // What is measured is reading: the writes need not be confirmed one by one.
  const store = await openSqliteStore({ path: join(bench.folder, 'month.db'), durability: 'fast', batchRows: 8_192 })
  await bookMonth(store, bench.isQuick ? 10_000 : 1_000_000)
  const queries: readonly CostQuery[] = [
    ...(['total', 'model', 'day', 'agent', 'workflow', 'user', 'session', 'run', 'tag'] as const).map((by) => ({ by })),
    { by: 'model', scope: 'agent:a7' },
    { by: 'day', scope: 'user:u7' },
  ]
  const month = { since: '2026-11-01', until: '2026-11-30' }
  const figures: Figure[] = []
  for (const query of queries) {
    const took: number[] = []
    for (let round = 0; round < (bench.isQuick ? 1 : 5); round++) {
      took.push((await timed(() => store.money.report({ tenant: 'acme' }, { ...query, ...month }))).wallMs)
    }
    const name = `report by ${query.by}${query.scope === undefined ? '' : ` of ${query.scope}`}`
    figures.push({ ...figure(name, median(took), 'ms', 100), isDurable: false })
  }
  await store.close()
  return figures
}

function figure(name: string, value: number, unit: string, hold: number | null, cpu?: number): Figure {
  return { case: name, value, unit, floor: null, hold, isDurable: true, ...(cpu === undefined ? {} : { cpu }) }
}
