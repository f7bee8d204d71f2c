import type { Bench, Figure, Workload } from '../harness/workload.ts'
import { alternate, timed } from '../harness/rounds.ts'
import { createFleet } from '../platform/fleet.ts'
import { openPlatform } from '../platform/platform.ts'

const toolMs = 20

/** What it costs to be parallel inside one turn. */
export const w4: Workload = {
  id: 'w4',
  title: '100 parallel tool calls of 20 ms in one turn, the whole run',
  cases: [{ name: 'durable', measure }],
}

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const fleet = createFleet({ turns: 2, latencyMs: 0, toolCalls: 100, toolMs })
  const platform = await openPlatform('durable', bench)
  const ratio = async (work: () => Promise<void>): Promise<{ wall: number; cpu: number }> => {
    const { wallMs, cpuMs } = await timed(work)
    return { wall: wallMs / toolMs, cpu: cpuMs / toolMs }
  }
  const { meepo, bare } = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 51, warmUp: 20 }, {
    meepo: () => ratio(() => fleet.run(platform)),
    bare: () => ratio(fleet.runBare),
  })
  await platform.close()
  const unit = `× ${toolMs} ms`
  return [{ case: 'durable', value: meepo.wall, unit, floor: bare.wall, hold: 1.15, isDurable: true, cpu: meepo.cpu }]
}
