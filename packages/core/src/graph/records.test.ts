import { expect, test } from 'vitest'
import { z } from 'zod'
import { SmallEngine } from '../../test/small-engine.ts'
import { MeepoError } from '../base/errors.ts'
import type { CallEntry } from '../base/call-entry.ts'
import type { LogEvent, NewEvent } from '../log/events.ts'
import { define } from '../run/definition.ts'
import { defineTool } from '../tool/tool.ts'
import { defineGraph } from './graph.ts'
import { grow } from './grow.ts'
import { foldTaskRecords, readTaskRecords, type RecordSource } from './records.ts'
import { task, type AnyTask } from './task.ts'

const slow = define({
  name: 'slow',
  input: z.number(),
  run: async (ctx, ms) => {
    await ctx.sleep(ms)
    if (ms === 13) throw new MeepoError('step.timeout', 'thirteen')
    return ms
  },
})
const add = defineTool({
  name: 'add',
  description: 'Adds.',
  input: z.object({ a: z.number() }),
  effect: 'read',
  run: ({ a }) => a + 1,
})
const retry = { maxAttempts: 2, initialMs: 10, factor: 1, maxMs: 10 }
let tries = 0

const graph = defineGraph({
  name: 'g',
  growth: (tasks) =>
    Object.fromEntries(Object.keys(tasks).map((id) => [id, task({ run: async () => 'new' }) as unknown as AnyTask])),
  tasks: {
    child: task({ input: () => 20, run: slow }),
    step: task({
      run: async () => {
        if (++tries === 1) throw new MeepoError('step.timeout', 'once')
        return 'a'
      },
    }),
    items: task({ forEach: () => [30, 13, 10], optionalItems: true, run: slow }),
    strict: task({ input: () => 13, run: slow, retry, optional: true }),
    rounds: task({ input: () => 5, run: slow, repeat: { until: () => false, maxTimes: 3 } }),
    tool: task({ input: () => ({ a: 1 }), tool: add }),
    wait: task({ timer: 40 }),
    signal: task({ signal: 'go[now]' }),
    never: task({ signal: 'never', timeoutMs: 15, optional: true }),
    skipped: task({ when: () => false, run: slow }),
    loser: task({ input: () => 90_000, run: slow, deadlineMs: 10 }),
    first: task({
      needs: ['loser', 'child'],
      join: 'any',
      run: async () => grow(1, { tasks: { extra: null } }),
      onRollback: async () => null,
    }),
    last: task({ needs: ['signal'], run: async () => 1 }),
  } as never,
})

test('the records of a run can be read from its log while it goes on', async () => {
  const engine = SmallEngine.start(graph, null)
  await engine.run(10_000)
  const records = foldTaskRecords(graph.graph, engine.log())
  expect(records.map(({ taskId, agent, status, retries }) => [taskId, agent, status, retries])).toEqual([
    ['child', 'slow', 'completed', 0],
    ['step', 'function', 'completed', 1],
    ['items', 'slow', 'completed', 0],
    ['strict', 'slow', 'failed', 1],
    ['rounds', 'slow', 'completed', 0],
    ['tool', 'add', 'completed', 0],
    ['wait', 'timer', 'completed', 0],
    ['signal', 'signal', 'running', 0],
    ['never', 'signal', 'failed', 0],
    ['skipped', 'slow', 'skipped', 0],
    ['loser', 'slow', 'cancelled', 0],
    ['first', 'function', 'completed', 0],
    ['last', 'function', 'pending', 0],
    ['extra', 'grown', 'completed', 0],
  ])
  expect(records.find(({ taskId }) => taskId === 'items')).toMatchObject({
    output: [30, null, 10],
    success: true,
    durationMs: 30,
  })
  expect(records.find(({ taskId }) => taskId === 'strict')).toMatchObject({
    error: { code: 'step.timeout' },
    success: false,
  })
  expect(records.find(({ taskId }) => taskId === 'skipped')).toMatchObject({
    why: 'its condition is false',
    durationMs: 0,
  })
  expect(records.find(({ taskId }) => taskId === 'loser')).toMatchObject({
    isLate: true,
    why: expect.stringContaining('nobody waits'),
  })
  engine.signal('go[now]', true)
  await engine.result()
  expect(
    foldTaskRecords(graph.graph, engine.log()).every(({ status }) => status !== 'pending' && status !== 'running'),
  ).toBe(true)
})

/** Money that is in the books for one child, and a call of a step. */
test('records carry what their tasks cost', async () => {
  const engine = SmallEngine.start(graph, null)
  await engine.run(10_000)
  const log = engine.log()
  const numberOf = (step: string): number =>
    log.flatMap((event) => (event.type === 'step.started' && event.data.name === step ? [event.data.number] : []))[0] ??
    0
  const paid = (number: number, picoDollars: string | null): NewEvent => ({
    type: 'call.settled',
    at: 99,
    data: { number, attempt: 1, call: 'c', entry: { cost: { status: 'priced', picoDollars } } as unknown as CallEntry },
  })
  const foreign: NewEvent[] = [
    { type: 'attempt.started', at: 1, data: { number: 999, attempt: 2 } },
    {
      type: 'step.failed',
      at: 1,
      data: { number: 999, attempt: 2, error: { code: 'x', message: 'x', retryable: false }, durationMs: 1 },
    },
    { type: 'step.started', at: 1, data: { number: 998, name: 'plain', effect: 'read' } },
    { type: 'signal.awaited', at: 1, data: { number: 997, name: 'foreign' } },
    { type: 'progress.reported', at: 1, data: { details: { tasks: 'none' } } },
    { type: 'progress.reported', at: 1, data: { details: { tasks: [null, { task: 1 }] } } },
    { type: 'progress.reported', at: 1, data: {} },
    {
      type: 'step.started',
      at: 1,
      data: { number: 996, name: 'rollback:first:0', effect: 'idempotent', meta: { kind: 'task', task: 'first' } },
    },
    paid(996, '5'),
  ]
  const events = [
    ...log,
    paid(numberOf('step'), '7'),
    paid(numberOf('step'), '8'),
    paid(numberOf('tool:add'), null),
    ...foreign,
  ]
  const source: RecordSource = {
    // A seq makes a new event one of the log.
    log: { read: async () => events.map((event, index) => ({ ...event, seq: index + 1 }) as LogEvent) },
    money: {
      report: async (_scope, { scope }) => {
        const child = log.find((event) => event.type === 'child.started' && event.data.childId.startsWith('items['))
        const isOne = child?.type === 'child.started' && scope === `run:${child.data.childRunId}`
        // What the others cost nobody knows.
        return [(isOne ? { picoDollars: '100', unpricedCalls: 0 } : { picoDollars: '3', unpricedCalls: 1 }) as never]
      },
    },
  }
  const records = await readTaskRecords(source, 'system', graph.graph, 'root')
  const costs = Object.fromEntries(records.flatMap(({ taskId, cost }) => (cost === undefined ? [] : [[taskId, cost]])))
  expect(costs).toEqual({ step: '15', items: '100', tool: '0' })
})

test('tasks of a run that was cancelled are cancelled', async () => {
  const engine = SmallEngine.start(graph, null)
  await engine.run(1)
  engine.cancel('enough')
  await engine.result()
  expect(foldTaskRecords(graph.graph, engine.log()).find(({ taskId }) => taskId === 'rounds')?.status).toBe('cancelled')
})
