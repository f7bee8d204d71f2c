import { join } from 'node:path'
import { createMeepo, defineAgent, type Meepo } from 'meepo'
import { startSimulator } from '../http/simulator-process.ts'
import { allAtOnce } from '../platform/all-at-once.ts'
import type { Bench, Figure, Workload } from '../harness/workload.ts'

/** How long text is under way from the provider's socket to the consumer of a stream. */
export const w9: Workload = {
  id: 'w9',
  title: 'first text of 500 streamed agents over HTTP, from the provider’s socket to the consumer, durable',
  cases: [{ name: 'first text', measure }],
}

interface Sent {
  readonly attemptId: string
  readonly firstChunkAt: number
}

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const agents = bench.isQuick ? 20 : 500
  const simulator = await startSimulator({
    script: 'text-script.js',
    latency: 'headersMs=100,jitterMs=200,perChunkMs=5',
    journalLimit: 10_000,
  })
  const providers = { simulator: { kind: 'openai-compatible' as const, baseURL: simulator.baseUrl } }
  const meepo = await createMeepo({ store: join(bench.folder, 'first-text.db'), providers })
  const seen = new Map<string, number>()
  // The first round warms up: its figures are overwritten by none, as attempt ids differ, so it is not recorded.
  await allAtOnce(agents, () => watch(meepo, new Map()))
  await allAtOnce(agents, () => watch(meepo, seen))
  const answer = await fetch(`${simulator.url}/journal?after=0`)
  const { entries } = (await answer.json()) as { readonly entries: readonly Sent[] }
  await meepo.stop()
  await simulator.close()
  const delays = entries.flatMap(({ attemptId, firstChunkAt }) => {
    // The gateway numbers its requests for an attempt behind a dot.
    const at = seen.get(attemptId.replace(/\.\d+$/, ''))
    return at === undefined ? [] : [at - firstChunkAt]
  })
  if (delays.length !== agents) throw new Error(`${delays.length} of ${agents} first texts were seen`)
  delays.sort((a, b) => a - b)
  const at = (share: number): number => delays[Math.floor((delays.length - 1) * share)] ?? 0
  const common = { unit: 'ms', isDurable: true, floor: null }
  return [
    { ...common, case: 'first text p50', value: at(0.5), hold: null },
    { ...common, case: 'first text p99', value: at(0.99), hold: 50 },
  ]
}

const agent = defineAgent({ name: 'writer', instructions: 'Write.', model: 'simulator:model' })

/** Notes when the first text of each attempt arrived. */
async function watch(meepo: Meepo, seen: Map<string, number>): Promise<void> {
  for await (const event of meepo.stream(agent, 'go')) {
    if (event.type !== 'text') continue
    const attemptId = `${event.runId}/${event.step}/${event.attempt}`
    if (!seen.has(attemptId)) seen.set(attemptId, Date.now())
  }
}
