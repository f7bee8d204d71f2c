import { bareCall, gatewayCall, type OneCall } from '../gateway/calls.ts'
import { alternate, timed } from '../harness/rounds.ts'
import type { Bench, Figure, Workload } from '../harness/workload.ts'

const concurrency = 100
const calls = 2_000
/** What the pipeline may add to a call. */
const mostMicroseconds = 40

/** What the gateway adds to a call of a provider. */
export const gateway: Workload = {
  id: 'gateway',
  title: 'The gateway: price, limits, money, breaker and ledger of a call, 100 at a time, over the adapter alone',
  cases: [{ name: 'memory', measure }],
}

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const [bare, whole] = [bareCall(), gatewayCall()]
  const numbers = { next: 0 }
  const count = bench.isQuick ? 200 : calls
  const subject = (one: OneCall) => async (): Promise<{ wall: number; cpu: number }> => {
    const { wallMs, cpuMs } = await timed(() => runCalls(one, count, numbers))
    return { wall: (wallMs * 1_000) / count, cpu: (cpuMs * 1_000) / count }
  }
  const rounds = bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 21, warmUp: 10 }
  const cost = await alternate(rounds, { bare: subject(bare), whole: subject(whole) })
  const added = cost.whole.wall - cost.bare.wall
  return [
    { ...figure('added to a call', added, mostMicroseconds), cpu: cost.whole.cpu - cost.bare.cpu },
    { ...figure('whole call', cost.whole.wall, null), floor: cost.bare.wall, cpu: cost.whole.cpu },
  ]
}

function figure(name: string, value: number, hold: number | null): Figure {
  return { case: name, value, unit: 'µs/call', floor: null, hold, isDurable: false }
}

async function runCalls(one: OneCall, count: number, numbers: { next: number }): Promise<void> {
  const last = numbers.next + count
  const worker = async (): Promise<void> => {
    while (numbers.next < last) await one(numbers.next++)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}
