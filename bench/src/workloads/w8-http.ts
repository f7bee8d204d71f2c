import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startSimulator } from '../http/simulator-process.ts'
import { alternate } from '../harness/rounds.ts'
import type { Bench, Figure, Workload } from '../harness/workload.ts'

const latencyMs = 50

/** The whole way to a provider and back. */
export const w8: Workload = {
  id: 'w8',
  title: '500 agents with 5 turns and a tool over HTTP to a simulator in another process, 50 ms latency, durable',
  cases: [{ name: 'http', measure }],
}

interface Round extends Readonly<Record<string, number>> {
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakMb: number
}

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const simulator = await startSimulator({ script: 'script.js', latency: `headersMs=${latencyMs}`, journalLimit: 1 })
  const agents = bench.isQuick ? 20 : 500
  const sides = {
    meepo: startSide('meepo', simulator.baseUrl, agents, bench.folder),
    bare: startSide('bare', simulator.baseUrl, agents, bench.folder),
  }
  const { meepo, bare } = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 9, warmUp: 2 }, {
    meepo: sides.meepo.round,
    bare: sides.bare.round,
  })
  await Promise.all([sides.meepo.close(), sides.bare.close()])
  await simulator.close()
  const common = { isDurable: true }
  return [
    {
      ...common,
      case: 'wall',
      value: meepo.wallMs / bare.wallMs,
      unit: '× bare fetch loop',
      floor: 1,
      hold: 1.5,
      cpu: meepo.cpuMs / bare.cpuMs,
    },
    { ...common, case: 'wall in milliseconds', value: meepo.wallMs, unit: 'ms', floor: bare.wallMs, hold: null },
    { ...common, case: 'RSS', value: meepo.peakMb, unit: 'MB', floor: bare.peakMb, hold: 150 },
  ]
}

function startSide(side: 'meepo' | 'bare', ...args: readonly [string, number, string]) {
  const driver = join(import.meta.dirname, '../http/main.js')
  const child = spawn(process.execPath, [driver, side, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    round: async (): Promise<Round> => {
      child.stdin.write('round\n')
      const { done, value } = await lines.next()
      if (done === true) throw new Error(`the process of ${side} ended`)
      // The driver prints exactly this.
      return JSON.parse(value) as Round
    },
    close: async (): Promise<void> => {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}
