import { setTimeout as wait } from 'node:timers/promises'
import { seededRandom } from '@meepo/core'
import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { alternate, median, timed } from '../harness/rounds.ts'
import { allAtOnce, atATime } from '../platform/all-at-once.ts'
import { createFleet, type Fleet } from '../platform/fleet.ts'
import { openForRounds, type Platform } from '../platform/platform.ts'

const agents = 500
const turns = 5

/** What durability costs, on the same work in the same process. */
export const w6: Workload = {
  id: 'w6',
  title: 'Durable against memory: 500 agents with 5 turns and a tool',
  cases: [
    slowdown('p50 of an agent, arrivals spread over 50 to 250 ms', 50, [50, 250], 1.04),
    slowdown('p50 of an agent, all together', 50, [0, 0], 1.15),
    slowdown('p50 of an agent, all together, 500 ms model', 500, [0, 0], 1.03),
    { name: 'a step, 100 at a time, latency 0', measure: measureSteps },
  ],
}

function slowdown(name: string, latencyMs: number, arrivalMs: readonly [number, number], hold: number): Case {
  return {
    name,
    measure: async (bench) => {
      const fleet = createFleet({ turns, latencyMs })
      const count = bench.isQuick ? 50 : agents
      const random = seededRandom('arrivals')
      const [from, to] = arrivalMs
      const arrivals = Array.from({ length: count }, () => from + random.next() * (to - from))
      const { memory, durable } = await side(bench, latencyMs > 100 ? 5 : 9, async (platform) => ({
        p50: await medianOfAgents(fleet, platform, arrivals),
      }))
      return [
        {
          case: name,
          value: durable.p50 / memory.p50,
          unit: '× memory',
          floor: 1,
          hold,
          isDurable: true,
        },
      ]
    },
  }
}

/** Milliseconds from the start to the result, the middle one of all agents. */
async function medianOfAgents(fleet: Fleet, platform: Platform, arrivals: readonly number[]): Promise<number> {
  const took: number[] = []
  let next = 0
  await allAtOnce(arrivals.length, async () => {
    // As many calls as arrivals.
    const arrival = arrivals[next++]!
    if (arrival > 0) await wait(arrival)
    const began = performance.now()
    await fleet.run(platform)
    took.push(performance.now() - began)
  })
  return median(took)
}

async function measureSteps(bench: Bench): Promise<readonly Figure[]> {
  const fleet = createFleet({ turns: 2, latencyMs: 0 })
  const count = bench.isQuick ? 200 : 4_000
  // Two of the model, one of the tool.
  const steps = 3
  const { memory, durable } = await side(bench, 9, async (platform) => {
    const { wallMs, cpuMs } = await timed(() => atATime(100, count, () => fleet.run(platform)))
    return { step: (wallMs / count / steps) * 1_000, cpu: (cpuMs / count / steps) * 1_000 }
  })
  return [
    {
      case: 'a step, 100 at a time, latency 0',
      value: durable.step - memory.step,
      unit: 'µs/step more than memory',
      floor: null,
      hold: 20,
      isDurable: true,
      cpu: durable.cpu - memory.cpu,
    },
  ]
}

async function side<T extends Readonly<Record<string, number>>>(
  bench: Bench,
  rounds: number,
  measure: (platform: Platform) => Promise<T>,
): Promise<{ memory: T; durable: T }> {
  const [memory, durable] = [await openForRounds('memory', bench), await openForRounds('durable', bench)]
  const measured = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds, warmUp: 2 }, {
    memory: () => memory.use(measure),
    durable: () => durable.use(measure),
  })
  await memory.close()
  await durable.close()
  return measured
}
