import { adapterAgent, gatewayAgent, type RunOnce } from '../gateway/agents.ts'
import { alternate, timed } from '../harness/rounds.ts'
import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { atATime } from '../platform/all-at-once.ts'
import { openForRounds, type RoundPlatforms, type StoreKind } from '../platform/platform.ts'

const concurrency = 100

/** What money, limits and health cost an agent whose models cost no time. */
export const w1Gateway: Workload = {
  id: 'w1-gateway',
  title: 'The agent of W1 through the whole gateway, over the same agent with the adapter alone',
  cases: [smallRuns('memory'), smallRuns('durable')],
}

function smallRuns(kind: StoreKind): Case {
  return { name: kind, measure: (bench) => measure(kind, bench) }
}

async function measure(kind: StoreKind, bench: Bench): Promise<readonly Figure[]> {
  const { run, options } = gatewayAgent()
  const runBare = adapterAgent()
  const count = bench.isQuick ? 200 : 2_000
  const [whole, bare] = [await openForRounds(kind, bench, options), await openForRounds(kind, bench)]
  const perRun = (platforms: RoundPlatforms, one: RunOnce) => () =>
    platforms.use(async (platform) => {
      const { wallMs, cpuMs } = await timed(() => atATime(concurrency, count, () => one(platform)))
      return { wall: (wallMs / count) * 1_000, cpu: (cpuMs / count) * 1_000 }
    })
  const cost = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 9, warmUp: 3 }, {
    whole: perRun(whole, run),
    bare: perRun(bare, runBare),
  })
  await whole.close()
  await bare.close()
  const common = { isDurable: kind === 'durable' }
  return [
    {
      ...common,
      case: `${kind}: over the adapter alone`,
      value: cost.whole.wall / cost.bare.wall,
      unit: '×',
      floor: 1,
      hold: 2,
      cpu: cost.whole.cpu / cost.bare.cpu,
    },
    {
      ...common,
      case: kind,
      value: cost.whole.wall,
      unit: 'µs/run',
      floor: cost.bare.wall,
      hold: null,
      cpu: cost.whole.cpu,
    },
  ]
}
