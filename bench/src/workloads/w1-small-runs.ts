import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { alternate, timed } from '../harness/rounds.ts'
import { atATime } from '../platform/all-at-once.ts'
import { createFleet } from '../platform/fleet.ts'
import { openForRounds, type StoreKind } from '../platform/platform.ts'

const concurrency = 100

/** What the platform costs where nothing else costs anything. */
export const w1: Workload = {
  id: 'w1',
  title: 'An agent with one tool and two model turns, model latency 0, 100 at a time',
  cases: [smallRuns('memory', 40), smallRuns('durable', 80)],
}

function smallRuns(kind: StoreKind, hold: number): Case {
  return { name: kind, measure: (bench) => measure(kind, hold, bench) }
}

async function measure(kind: StoreKind, hold: number, bench: Bench): Promise<readonly Figure[]> {
  const fleet = createFleet({ turns: 2, latencyMs: 0 })
  const count = bench.isQuick ? 200 : 4_000
  const platforms = await openForRounds(kind, bench)
  const perRun = async (work: () => Promise<void>): Promise<{ wall: number; cpu: number }> => {
    const { wallMs, cpuMs } = await timed(() => atATime(concurrency, count, work))
    return { wall: (wallMs / count) * 1_000, cpu: (cpuMs / count) * 1_000 }
  }
  const { meepo, bare } = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 9, warmUp: 3 }, {
    meepo: () => platforms.use((platform) => perRun(() => fleet.run(platform))),
    bare: () => perRun(fleet.runBare),
  })
  await platforms.close()
  return [
    {
      case: kind,
      value: meepo.wall,
      unit: 'µs/run',
      floor: bare.wall,
      hold,
      isDurable: kind === 'durable',
      cpu: meepo.cpu,
    },
  ]
}
