import { anySchema, define } from '@meepo/core'
import { createEmbeddedEngine } from '@meepo/engine-embedded'
import { createRestateDispatcher } from '@meepo/engine-restate'
import { startRestateServer } from '@meepo/engine-restate/testing'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer } from '@meepo/store-postgres/testing'
import { alternate, timed } from '../harness/rounds.ts'
import type { Bench, Figure, Workload } from '../harness/workload.ts'
import { atATime } from '../platform/all-at-once.ts'
import { openBareHandlers } from '../restate/bare-handlers.ts'

const concurrency = 100
const steps = 20

/** What a durable step costs on many machines: on one of them, with the cluster and the database beside it. */
export const restate: Workload = {
  id: 'restate',
  title: `Restate and PostgreSQL: runs of ${steps} steps that do nothing, ${concurrency} at a time`,
  cases: [{ name: 'durable steps', measure }],
}

const stepping = define({
  name: 'stepping',
  input: anySchema,
  run: async (ctx) => {
    for (let step = 0; step < steps; step++) await ctx.step('step', { effect: 'idempotent' }, async () => null)
  },
})

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const [postgres, server] = await Promise.all([startPostgresServer(), startRestateServer()])
  const store = await openPostgresStore({ url: postgres.url })
  const { ingressUrl, adminUrl } = server
  const engine = createEmbeddedEngine({
    store,
    dispatcher: createRestateDispatcher({ ingressUrl, worker: { adminUrl } }),
    // A notice is trouble outside of any run: a figure with trouble in it means nothing.
    onNotice: (notice) => {
      throw new Error(`the engine reports ${JSON.stringify(notice)}`)
    },
  })
  engine.register(stepping)
  await engine.begin()
  const bare = await openBareHandlers(server, postgres.url)
  const count = bench.isQuick ? 20 : 150
  const perStep = async (work: () => Promise<unknown>): Promise<{ wall: number; cpu: number }> => {
    const { wallMs, cpuMs } = await timed(() => atATime(concurrency, count, async () => void (await work())))
    return { wall: (wallMs / count / steps) * 1_000, cpu: (cpuMs / count / steps) * 1_000 }
  }
  const run = async (): Promise<void> => {
    const record = await (await engine.start(stepping, null)).result()
    if (!record.success) throw new Error(`a run failed: ${JSON.stringify(record.error)}`)
  }
  try {
    const { meepo, handler, inserting } = await alternate(
      bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 3, warmUp: 1 },
      {
        meepo: () => perStep(run),
        handler: () => perStep(() => bare.run(steps)),
        inserting: () => perStep(() => bare.runInserting(steps)),
      },
    )
    const shared = { unit: 'µs/step', isDurable: true } as const
    return [
      // At least 60 % of its steps a second.
      { ...shared, case: 'a step', value: meepo.wall, floor: handler.wall, hold: handler.wall / 0.6, cpu: meepo.cpu },
      {
        ...shared,
        case: 'a step, against a handler that writes two rows in each',
        value: meepo.wall,
        floor: inserting.wall,
        // At least 85 %.
        hold: inserting.wall / 0.85,
      },
    ]
  } finally {
    await engine.stop()
    await bare.close()
    await store.close()
    await Promise.all([server.remove(), postgres.remove()])
  }
}
