import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer } from '@meepo/store-postgres/testing'
import type { Store } from '@meepo/core'
import { alternate, timed, type Cost } from '../harness/rounds.ts'
import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { BareLog } from '../postgres/bare-log.ts'

const scope = { tenant: 't' } as const
/** An event of about one kilobyte. */
const message = 'x'.repeat(1_000)

/** What a log costs on PostgreSQL. */
export const postgres: Workload = {
  id: 'postgres',
  title: 'PostgreSQL: callers that append events of 1 KB, each waiting until its own is durable',
  // 25,000 events a second.
  cases: [appends(100, null), appends(500, 1_000_000 / 25_000)],
}

function appends(callers: number, hold: number | null): Case {
  const name = `${callers} callers`
  return { name, measure: (bench) => measure(name, bench.isQuick ? 10 : callers, hold, bench) }
}

async function measure(name: string, callers: number, hold: number | null, bench: Bench): Promise<readonly Figure[]> {
  const server = await startPostgresServer()
  const store = await openPostgresStore({ url: server.url })
  const bare = await BareLog.open(server.url)
  await store.leases.join('bench')
  const each = bench.isQuick ? 5 : 60
  const seqs = await createRuns(store, callers)
  const bareSeqs = seqs.map(() => 0)
  const perEvent = async (work: () => Promise<unknown>): Promise<{ wall: number; cpu: number }> => {
    const { wallMs, cpuMs }: Cost = await timed(work)
    return { wall: (wallMs * 1_000) / (callers * each), cpu: (cpuMs * 1_000) / (callers * each) }
  }
  try {
    const { ours, floor } = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 9, warmUp: 3 }, {
      ours: () => perEvent(() => atOnce(seqs, each, (run, seq) => append(store, run, seq))),
      floor: () => perEvent(() => atOnce(bareSeqs, each, (run, seq) => bare.append(run, seq, message))),
    })
    return [
      { case: name, value: ours.wall, unit: 'µs/event', floor: floor.wall, hold, isDurable: true, cpu: ours.cpu },
      rate(`${name}, events a second`, ours.wall, floor.wall),
    ]
  } finally {
    await bare.close()
    await store.close()
    await server.remove()
  }
}

/** The same the other way round, as people ask for it. */
function rate(name: string, ours: number, floor: number): Figure {
  return { case: name, value: 1e6 / ours, unit: '/s', floor: 1e6 / floor, hold: null, isDurable: true }
}

/** A run for each caller. Answers with the seq of the last event of each. */
async function createRuns(store: Store, count: number): Promise<number[]> {
  const common = { tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
  const created = { type: 'progress.reported', at: 1, data: { message } } as const
  return Promise.all(
    Array.from({ length: count }, async (_, run) => {
      await store.log.create(scope, { ...common, runId: `run-${run}` }, [created], 'bench')
      return 1
    }),
  )
}

/** Every caller appends so often to its own run, one after the other. */
async function atOnce(
  seqs: number[],
  each: number,
  append: (run: number, seq: number) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    seqs.map(async (from, run) => {
      for (let count = 0; count < each; count++) await append(run, from + count)
      seqs[run] = from + each
    }),
  )
}

function append(store: Store, run: number, expectedSeq: number): Promise<unknown> {
  const events = [{ type: 'progress.reported', at: 1, data: { message } }] as const
  return store.log.append(scope, { runId: `run-${run}`, epoch: 1, expectedSeq, events })
}
