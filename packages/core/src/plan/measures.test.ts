import { expect, test } from 'vitest'
import type { LogEvent, NewEvent } from '../log/events.ts'
import type { CostRow } from '../store/money.ts'
import { estimatePlan, estimateText } from './estimate.ts'
import { goalSchema } from './goal.ts'
import { readWorkerMeasures, type PlanHistory } from './measures.ts'
import { anySchema } from '../base/schema.ts'
import { define } from '../run/definition.ts'
import { defineTool } from '../tool/tool.ts'
import { makeWorkers } from './workers.ts'

/** A run of a plan: `find` took so long, then an agent that cost so much. */
function runOf(ms: number, outcome: 'here' | 'large' | 'failed' = 'here'): readonly LogEvent[] {
  const tasks = [
    { id: 'a', worker: 'find', role: 'worker', status: 'completed' },
    { id: 'b', worker: 'writer', role: 'worker', status: 'completed' },
    { id: 'c', worker: 'find', role: 'worker', status: 'skipped' },
  ]
  const meta = { kind: 'tool', tool: 'find', callId: 'a' } as const
  const events: NewEvent[] = [
    { type: 'step.started', at: 0, data: { number: 0, name: 'plan', effect: 'read' } },
    { type: 'step.started', at: 10, data: { number: 1, name: 'tool:find', effect: 'read', meta } },
    { type: 'step.completed', at: 10 + ms, data: { number: 1, result: { value: 1 } } } as never,
    { type: 'child.started', at: 50, data: { number: 2, childId: 'b', childRunId: `child-${ms}` } } as never,
    { type: 'child.completed', at: 50 + 2 * ms, data: { number: 2, result: { value: 1 } } },
  ]
  const ends: Record<typeof outcome, NewEvent> = {
    here: { type: 'run.completed', at: 99, data: { result: { value: { tasks } } } },
    large: { type: 'run.completed', at: 99, data: { result: { ref: { id: 'x', bytes: 9 } } } } as never,
    failed: { type: 'run.cancelled', at: 99, data: { reason: 'enough' } } as never,
  }
  return [...events, ends[outcome]].map((event, at) => ({ ...event, seq: at + 1 }) as LogEvent)
}

function historyOf(runs: Readonly<Record<string, readonly LogEvent[]>>): PlanHistory {
  return {
    log: {
      runs: async () => Object.keys(runs).map((runId) => ({ runId }) as never),
      read: async (_scope, runId) => runs[runId] ?? [],
    },
    money: {
      report: async (_scope, { scope = '' }) => {
        const ms = Number(scope.replace('run:child-', ''))
        return [{ picoDollars: String(ms * 1_000_000_000), unpricedCalls: ms === 7 ? 1 : 0 } as CostRow]
      },
    },
  }
}

test('workers are measured by the tasks that they completed', async () => {
  const history = historyOf({
    r1: runOf(20),
    r2: runOf(30),
    r3: runOf(7),
    r4: runOf(90, 'large'),
    r5: runOf(8, 'failed'),
  })
  expect(await readWorkerMeasures(history, 'system', { name: 'p' })).toEqual({
    find: { ms: { p50: 20, p95: 30 } },
    // What nobody knows the price of is not counted.
    writer: { ms: { p50: 40, p95: 60 }, picoDollars: { p50: '20000000000', p95: '30000000000' } },
  })
  expect(await readWorkerMeasures(historyOf({}), 'system', { name: 'p' })).toEqual({})
})

const plain = { description: '', effect: 'read', input: anySchema, run: () => 1 } as const
const find = defineTool({ ...plain, name: 'find' })
const buy = defineTool({ ...plain, name: 'buy', price: 0.5 })
const ask = defineTool({ ...plain, name: 'ask', isPaid: true })
const writer = define({ name: 'writer', input: anySchema, run: async () => 1 })
const workers = makeWorkers([find, buy, ask], [writer], { writer: { ms: 500, dollars: 1 }, find: { ms: 5 } })
const plan = {
  tasks: [
    { id: 'a', tool: 'find' },
    { id: 'b', agent: 'writer', needs: ['a'] },
    { id: 'c', tool: 'buy', needs: ['a'] },
    { id: 'd', tool: 'ask' },
  ],
}

test('an estimate is of what was measured, else of what is expected', () => {
  const expected = estimatePlan(plan, workers)
  expect(expected).toEqual({ tasks: 4, levels: 2, picoDollars: '1500000000000', ms: 505, unknown: ['ask'] })
  const measured = { writer: { ms: { p50: 40, p95: 60 }, picoDollars: { p50: '250000000000', p95: '750000000000' } } }
  const estimate = estimatePlan(plan, workers, measured)
  expect(estimate).toEqual({
    ...expected,
    picoDollars: '750000000000',
    ms: 45,
    p95: { picoDollars: '1250000000000', ms: 65 },
  })
  expect(estimateText(estimate)).toBe(
    '4 tasks in 2 levels, about 45 ms (p95 65 ms), at least $0.75 (p95 $1.25), not known for ask',
  )
})

test('a goal takes what was measured, and nothing that only looks like it', () => {
  const good = {
    writer: { ms: { p50: 1, p95: 2 }, picoDollars: { p50: '1', p95: '2' } },
    find: { ms: { p50: 0, p95: 0 } },
  }
  expect(goalSchema.safeParse({ goal: 'g', measured: good })).toMatchObject({ success: true })
  const wrong: readonly unknown[] = [
    null,
    { writer: 1 },
    { writer: { ms: 1 } },
    { writer: { ms: { p50: 1 } } },
    { writer: { ms: { p50: -1, p95: 1 } } },
    { writer: { ms: { p50: 1, p95: 1 }, picoDollars: { p50: '1', p95: 'x' } } },
    { writer: { ms: { p50: 1, p95: 1 }, picoDollars: { p50: 1, p95: 2 } } },
  ]
  for (const measured of wrong)
    expect([measured, goalSchema.safeParse({ goal: 'g', measured })]).toMatchObject([
      measured,
      { success: false, error: { issues: [{ path: ['measured'] }] } },
    ])
})
