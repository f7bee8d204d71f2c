import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { alternate, timed } from '../harness/rounds.ts'
import { watchVitals } from '../harness/vitals.ts'
import { allAtOnce } from '../platform/all-at-once.ts'
import { createFleet } from '../platform/fleet.ts'
import { openForRounds, openPlatform, type StoreKind } from '../platform/platform.ts'

const turns = 5
const latencyMs = 50
const idealMs = turns * latencyMs

interface Holds {
  /** Times the ideal. */
  readonly wall: number
  readonly overIdleMb: number
  readonly processMb: number | null
  readonly delayMs: number | null
}

/** A fleet that waits for its models. */
export const w2: Workload = {
  id: 'w2',
  title: '500 and 10,000 agents with 5 turns and a tool, 50 ms model, all at once',
  cases: [
    ...fleet('500 memory', 'memory', 500, { wall: 1.1, overIdleMb: 30, processMb: 100, delayMs: 20 }),
    ...fleet('500 durable', 'durable', 500, { wall: 1.3, overIdleMb: 30, processMb: 100, delayMs: 20 }),
    ...fleet('10000 memory', 'memory', 10_000, { wall: 2.5, overIdleMb: 300, processMb: null, delayMs: null }),
    ...fleet('10000 durable', 'durable', 10_000, { wall: 6, overIdleMb: 300, processMb: null, delayMs: null }),
  ],
}

function fleet(name: string, kind: StoreKind, count: number, holds: Holds): readonly Case[] {
  return [
    { name: `${name}, wall`, measure: (bench) => measureWall(name, kind, count, holds, bench) },
    // Apart from the wall clock: only a process that has done nothing yet can tell what its work needs.
    { name: `${name}, process`, measure: (bench) => measureProcess(name, kind, count, holds, bench) },
  ]
}

function size(count: number, bench: Bench): number {
  return bench.isQuick ? count / 10 : count
}

async function measureWall(
  name: string,
  kind: StoreKind,
  count: number,
  { wall }: Holds,
  bench: Bench,
): Promise<readonly Figure[]> {
  const subject = createFleet({ turns, latencyMs })
  const platform = await openForRounds(kind, bench)
  const ratio = async (work: () => Promise<void>): Promise<{ wall: number; cpu: number }> => {
    const { wallMs, cpuMs } = await timed(() => allAtOnce(size(count, bench), work))
    return { wall: wallMs / idealMs, cpu: cpuMs / idealMs }
  }
  const rounds = count > 1_000 ? { rounds: 3, warmUp: 1 } : { rounds: 9, warmUp: 2 }
  const { meepo, bare } = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : rounds, {
    meepo: () => platform.use((opened) => ratio(() => subject.run(opened))),
    bare: () => ratio(subject.runBare),
  })
  await platform.close()
  const unit = `× ${idealMs} ms`
  return [
    {
      case: name,
      value: meepo.wall,
      unit,
      floor: bare.wall,
      hold: wall,
      isDurable: kind === 'durable',
      cpu: meepo.cpu,
    },
  ]
}

async function measureProcess(
  name: string,
  kind: StoreKind,
  count: number,
  holds: Holds,
  bench: Bench,
): Promise<readonly Figure[]> {
  const subject = createFleet({ turns, latencyMs })
  const platform = await openPlatform(kind, bench)
  const { idleMb, peakMb, delayMs } = await watchVitals(() =>
    allAtOnce(size(count, bench), () => subject.run(platform)),
  )
  await platform.close()
  const isDurable = kind === 'durable'
  return [
    {
      case: `${name}, RSS over idle`,
      value: peakMb - idleMb,
      unit: 'MB',
      floor: null,
      hold: holds.overIdleMb,
      isDurable,
    },
    { case: `${name}, RSS`, value: peakMb, unit: 'MB', floor: null, hold: holds.processMb, isDurable },
    {
      case: `${name}, event-loop delay p99`,
      value: delayMs,
      unit: 'ms',
      floor: null,
      hold: holds.delayMs,
      isDurable,
    },
  ]
}
