// One side of W8 in a process of its own. Arguments: `meepo` or `bare`, base URL, agents, folder. Each line on stdin
// is a round, which is answered with a line of JSON; the end of stdin ends the process.

import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Meepo } from 'meepo'
import { timed } from '../harness/rounds.ts'
import { watchVitals } from '../harness/vitals.ts'
import { allAtOnce } from '../platform/all-at-once.ts'
import { bareFetchAgent } from './bare-fetch.ts'
import { turns } from './script.ts'

const [side, baseUrl = '', agents, folder = ''] = process.argv.slice(2)
// Loaded late: the bare side must not pay for the platform.
const meepo = side === 'meepo' ? await openMeepo() : undefined
const work = meepo ? await agentOf(meepo) : () => bareFetchAgent(baseUrl)

for await (const _round of createInterface({ input: process.stdin })) {
  let cost = { wallMs: 0, cpuMs: 0 }
  const { peakMb } = await watchVitals(async () => {
    cost = await timed(() => allAtOnce(Number(agents), work))
  })
  process.stdout.write(`${JSON.stringify({ ...cost, peakMb })}\n`)
}
await meepo?.stop()

async function openMeepo(): Promise<Meepo> {
  const { createMeepo } = await import('meepo')
  const store = join(folder, 'http.db')
  return createMeepo({ store, providers: { simulator: { kind: 'openai-compatible', baseURL: baseUrl } } })
}

async function agentOf(opened: Meepo): Promise<() => Promise<void>> {
  const { defineAgent } = await import('meepo')
  const { addTool } = await import('../platform/fake-model.ts')
  const agent = defineAgent({
    name: 'adder',
    instructions: 'Add numbers.',
    model: 'simulator:model',
    tools: [addTool()],
  })
  return async () => {
    const { success, iterations, error } = await opened.run(agent, 'go')
    if (!success || iterations !== turns) throw new Error(`${iterations} turns: ${JSON.stringify(error)}`)
  }
}
