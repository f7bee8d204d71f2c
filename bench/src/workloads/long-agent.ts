import { defineAgent, type RunHandle } from '@meepo/core'
import type { Bench, Figure, Workload } from '../harness/workload.ts'
import { longModel, pageTool } from '../platform/long-model.ts'
import { openPlatform } from '../platform/platform.ts'

const contextTokens = 128_000

/** Whether an agent can go on for ever: what a turn costs late and early, what it holds, what it writes. */
export const longAgent: Workload = {
  id: 'long-agent',
  title: 'One agent of 2,000 turns with results of 2 KB and a window of 128,000 tokens, durable',
  cases: [{ name: 'long agent', measure }],
}

/** What was seen in a quarter of the turns. */
interface Quarter {
  readonly usPerTurn: number
  readonly rssMb: number
}

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const turns = bench.isQuick ? 400 : 2_000
  const begun: number[] = []
  const rss: number[] = []
  let mostTokens = 0
  const model = longModel({
    turns,
    contextTokens,
    onTurn: (turn, tokens) => {
      begun[turn] = performance.now()
      rss[turn] = process.memoryUsage.rss()
      mostTokens = Math.max(mostTokens, tokens)
    },
  })
  const agent = defineAgent({ name: 'reader', instructions: 'Read.', model, tools: [pageTool()], maxTurns: turns + 1 })
  const platform = await openPlatform('durable', bench)
  const handle = await platform.engine.start(agent, 'read everything', { limits: { activeMs: 3_600_000 } })
  const { success, error } = await handle.result()
  if (!success) throw new Error(error?.message)
  const written = await writtenBy(handle, turns)
  await platform.close()
  const quarters = [0, 1, 2, 3].map((index): Quarter => {
    const [from, to] = [(turns / 4) * index, (turns / 4) * (index + 1)]
    const usPerTurn = (((begun[to] ?? 0) - (begun[from] ?? 0)) / (to - from)) * 1_000
    return { usPerTurn, rssMb: Math.max(...rss.slice(from, to)) / 1_000_000 }
  })
  // The first quarter warms up, and fills the window for the first time.
  const [, second, , last] = quarters
  const figure = (name: string, value: number, unit: string, floor: number | null, hold: number | null): Figure => ({
    case: name,
    value,
    unit,
    floor,
    hold,
    isDurable: unit === 'µs/turn',
  })
  const early = second?.usPerTurn ?? 0
  const late = last?.usPerTurn ?? 0
  return [
    figure('a turn of the last quarter, against the second', late, 'µs/turn', early, early * 1.5),
    figure(
      'memory in the last quarter, more than in the second',
      (last?.rssMb ?? 0) - (second?.rssMb ?? 0),
      'MB',
      null,
      30,
    ),
    figure('memory at most', Math.max(...quarters.map(({ rssMb }) => rssMb)), 'MB', null, null),
    figure(
      'log of the second half, against the first',
      written.second / 1_000_000,
      'MB',
      written.first / 1_000_000,
      (written.first / 1_000_000) * 1.2,
    ),
    figure('tokens of the largest request', mostTokens, 'tokens', null, contextTokens),
  ]
}

/** Characters of the log and of the blobs it names, by half of the turns. */
async function writtenBy(handle: RunHandle<unknown>, turns: number): Promise<{ first: number; second: number }> {
  const written = { first: 0, second: 0 }
  let turn = 0
  for await (const event of handle.events()) {
    if (event.type === 'step.started' && event.data.meta?.kind === 'model') turn++
    const state = event.type === 'run.continued' && 'ref' in event.data.state ? event.data.state.ref.bytes : 0
    written[turn <= turns / 2 ? 'first' : 'second'] += JSON.stringify(event.data).length + state
  }
  return written
}
