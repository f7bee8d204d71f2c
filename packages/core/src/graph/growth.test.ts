import { expect, test } from 'vitest'
import { z } from 'zod'
import { SmallEngine } from '../../test/small-engine.ts'
import type { Json } from '../base/json.ts'
import { MeepoError } from '../base/errors.ts'
import type { RunContext } from '../run/context.ts'
import { define } from '../run/definition.ts'
import { grow } from './grow.ts'
import { defineGraph } from './graph.ts'
import type { Decision, GraphOutcome, Recover, TaskFailure, TaskTry } from './outcome.ts'
import { prepareGraph, type GraphSettings } from './prepare.ts'
import { runGraph } from './run-graph.ts'
import { task, type AnyTask, type GraphTask } from './task.ts'

const one = async (): Promise<number> => 1
const fail = async (): Promise<number> => {
  throw new Error('broken')
}

/** Data of tasks: `{ needs, gives }`, and `fails`. */
const growth = (tasks: Readonly<Record<string, Json>>): Readonly<Record<string, AnyTask>> =>
  Object.fromEntries(
    Object.entries(tasks).map(([id, data]) => {
      const { needs = [], gives, fails } = data as { needs?: string[]; gives?: Json; fails?: boolean }
      const run = async (): Promise<Json> => (fails ? await fail() : (gives ?? null))
      return [id, task({ needs, run }) as unknown as AnyTask]
    }),
  )

async function outcomeOf(
  tasks: Readonly<Record<string, GraphTask<never, never, unknown>>>,
  settings: GraphSettings & { readonly recover?: Recover } = {},
) {
  const told: { outcome?: GraphOutcome } = {}
  const graph = prepareGraph('g', tasks as unknown as Record<string, AnyTask>, settings)
  const host = define({
    name: 'host',
    input: z.unknown(),
    run: async (ctx: RunContext) => {
      told.outcome = await runGraph(ctx, graph, null, settings)
    },
  })
  const engine = SmallEngine.start(host, null)
  const record = await engine.result()
  if (told.outcome === undefined) throw new Error(JSON.stringify(record))
  const { outcome } = told
  return {
    engine,
    outcome,
    results: Object.fromEntries(outcome.results),
    statuses: Object.fromEntries(outcome.records.map(({ taskId, status }) => [taskId, status])),
  }
}

test('a task adds tasks, and those that wait for it may be made to wait for them as well', async () => {
  const graph = defineGraph({
    name: 'crawl',
    growth,
    tasks: {
      start: task({
        run: async () =>
          grow('root', {
            tasks: { left: { needs: ['start'], gives: 1 }, right: { needs: ['left'], gives: 2 } },
            before: ['report'],
          }),
      }),
      slow: task({ timer: 1_000 }),
      report: task({
        needs: ['start', 'slow'],
        input: (results: { start: string }) => results,
        run: async (all: unknown) => all,
      }),
    },
  })
  const engine = SmallEngine.start(graph, null)
  expect((await engine.result()).result).toEqual({
    start: 'root',
    report: { start: 'root', left: 1, right: 2 },
    left: 1,
    right: 2,
  })
  // What was added is in the log: a replay needs nobody to add it again.
  const replayed = SmallEngine.start(graph, null, engine.writes.slice(0, -1))
  expect((await replayed.result()).result).toEqual(engine.record().result)
})

test('what is added may grow further, and may need what has ended, however it has', async () => {
  const grown = (tasks: Readonly<Record<string, Json>>): Readonly<Record<string, AnyTask>> =>
    Object.fromEntries(
      Object.keys(tasks).map((id) => [
        id,
        task({
          run: async () => (id === 'd3' ? 3 : grow(0, { tasks: { [`d${Number(id.slice(1)) + 1}`]: null } })),
        }) as unknown as AnyTask,
      ]),
    )
  const deep = await outcomeOf({ d0: task({ run: async () => grow(0, { tasks: { d1: null } }) }) }, { growth: grown })
  expect(deep.results).toEqual({ d0: 0, d1: 0, d2: 0, d3: 3 })
  const { statuses } = await outcomeOf(
    {
      bad: task({ run: fail, optional: false }),
      adder: task({
        needs: ['bad'],
        join: 'settled',
        run: async () =>
          grow(undefined, {
            tasks: {
              last: { needs: ['second'] },
              second: { needs: ['first'] },
              first: { needs: ['bad', 'adder'] },
              fine: { needs: ['adder'] },
            },
          }),
      }),
    },
    { growth },
  )
  expect(statuses).toEqual({
    bad: 'failed',
    adder: 'completed',
    last: 'skipped',
    second: 'skipped',
    first: 'skipped',
    fine: 'completed',
  })
})

test('of added tasks the longest way goes first as well', async () => {
  const added = { short: {}, shorter: {}, long: {}, behind: { needs: ['long'] } }
  const { engine } = await outcomeOf(
    {
      a: task({ run: async () => grow(1, { tasks: added }) }),
      b: task({ needs: ['a'], run: one }),
      c: task({ needs: ['b'], run: one }),
      d: task({ needs: ['a'], run: one }),
    },
    { growth, maxParallel: 1 },
  )
  const order = engine.story().filter((line) => line.startsWith('step'))
  expect(order).toEqual(
    ['step a', 'step b', 'step long', 'step c', 'step d', 'step short', 'step shorter', 'step behind'].toSorted(
      (x, y) => order.indexOf(x) - order.indexOf(y),
    ),
  )
  expect(order.indexOf('step long')).toBeLessThan(order.indexOf('step short'))
  expect(order.indexOf('step short')).toBeLessThan(order.indexOf('step shorter'))
})

test.each<[string, Parameters<typeof grow>[1], string]>([
  ['an id that exists', { tasks: { end: {} } }, 'it has a task end already'],
  ['an unknown need', { tasks: { x: { needs: ['y'] } } }, 'task x needs "y", which does not exist'],
  ['a circle', { tasks: { x: { needs: ['y'] }, y: { needs: ['x'] } } }, 'x needs y needs x'],
  [
    'a circle through what waits',
    { tasks: { x: { needs: ['end'] } }, before: ['middle'] },
    'the new task x needs end, which is to wait for it',
  ],
  ['an unknown task to wait', { tasks: { x: {} }, before: ['nobody'] }, 'before "nobody", which does not exist'],
  ['a task that has begun', { tasks: { x: {} }, before: ['adder'] }, 'before adder, which has begun or ended'],
])('what cannot be added fails the task that adds it, and changes nothing: %s', async (_case, growing, message) => {
  const { outcome, statuses } = await outcomeOf(
    {
      adder: task({ run: async () => grow(1, growing) }),
      hold: task({ timer: 10 }),
      middle: task({ needs: ['hold'], run: one }),
      end: task({ needs: ['middle'], run: one }),
    },
    { growth },
  )
  expect(outcome.failed.get('adder')?.message).toContain(message)
  expect(statuses).toEqual({ adder: 'failed', hold: 'completed', middle: 'completed', end: 'completed' })
})

test('a graph that does not say how does not grow', async () => {
  const { outcome } = await outcomeOf({ a: task({ run: async () => grow(1, { tasks: { b: {} } }) }) })
  expect(outcome.failed.get('a')?.message).toBe('graph g: a task adds tasks, and the graph has no growth')
})

const double = define({ name: 'double', input: z.number(), run: async (_ctx, n) => n * 2 })

test('a failed task is tried again as somebody decides, who sees all tries so far', async () => {
  const seen: [TaskFailure['input'], readonly TaskTry[]][] = []
  const decisions: Decision[] = [{ kind: 'retry' }, { kind: 'retry', input: 'good' }]
  const { results, engine, outcome } = await outcomeOf(
    { a: task({ input: () => 'bad', run: async (text: string) => (text === 'good' ? text : await fail()) }) },
    {
      recover: async (failure, history) => {
        seen.push([failure.input, history])
        return decisions.shift() ?? { kind: 'fail' }
      },
    },
  )
  expect(results).toEqual({ a: 'good' })
  expect(engine.story().filter((line) => line.startsWith('step'))).toEqual(['step a', 'step a~2', 'step a~3'])
  expect(seen.map(([input, history]) => [input, history.map(({ attempt, decision }) => [attempt, decision])])).toEqual([
    ['bad', [[1, undefined]]],
    [
      'bad',
      [
        [1, 'retry'],
        [2, undefined],
      ],
    ],
  ])
  expect(outcome.records[0]?.retries).toBe(2)
})

test('another task may do the work of a failed one, with its own input or the same', async () => {
  const by = (replacement: AnyTask, more: object = {}): Promise<{ results: object }> =>
    outcomeOf(
      {
        a: task({ input: () => 4, run: async (_n: number) => await fail() }),
        b: task({ needs: ['a'], input: ({ a }) => a, run: async (a: unknown) => a }),
      },
      {
        recover: async ({ taskId }) =>
          taskId === 'a' ? { kind: 'replace', task: replacement, ...more } : { kind: 'fail' },
      },
    )
  expect((await by(task({ run: double }) as unknown as AnyTask)).results).toEqual({ a: 8, b: 8 })
  expect((await by(task({ input: () => 5, run: double }) as unknown as AnyTask)).results).toEqual({ a: 10, b: 10 })
  expect((await by(task({ run: double }) as unknown as AnyTask, { input: 6 })).results).toEqual({ a: 12, b: 12 })
})

test('a task that is given up lets those go on that need it', async () => {
  const recover: Recover = async ({ taskId }) =>
    taskId === 'b' ? { kind: 'skip' } : { kind: 'skip', why: 'not worth it' }
  const { outcome, statuses } = await outcomeOf(
    {
      a: task({ run: fail }),
      b: task({ run: fail }),
      c: task({ needs: ['a', 'b'], run: one }),
      items: task({ forEach: () => [1, 2], run: async (n: number) => (n === 1 ? await fail() : n) }),
    },
    { recover },
  )
  expect(statuses).toEqual({ a: 'skipped', b: 'skipped', c: 'completed', items: 'completed' })
  expect(outcome.records.map(({ why }) => why).slice(0, 2)).toEqual(['not worth it', 'given up after: broken'])
  expect([outcome.success, outcome.results.get('items')]).toEqual([true, [null, 2]])
})

test('only the failed part is planned anew: what is done stays, what waits for the failed task gives way', async () => {
  const { outcome, statuses, results } = await outcomeOf(
    {
      done: task({ run: one }),
      bad: task({ needs: ['done'], run: fail }),
      behind: task({ needs: ['bad'], run: one }),
      report: task({ needs: ['behind', 'done'], run: one }),
      beside: task({ timer: 50 }),
      either: task({ needs: ['done', 'bad'], join: 'any', run: one }),
    },
    {
      recover: async () => ({
        kind: 'replan',
        tasks: {
          other: task({ needs: ['done'], run: one }) as unknown as AnyTask,
          again: task({ needs: ['other', 'beside'], run: one }) as unknown as AnyTask,
        },
      }),
    },
  )
  expect(statuses).toEqual({
    done: 'completed',
    bad: 'failed',
    behind: 'skipped',
    report: 'skipped',
    beside: 'completed',
    either: 'completed',
    other: 'completed',
    again: 'completed',
  })
  expect([outcome.success, results]).toEqual([true, { done: 1, either: 1, other: 1, again: 1, beside: undefined }])
})

test('a new plan that is wrong, and a decision that fails, fail the task', async () => {
  const wrong = await outcomeOf(
    { a: task({ run: fail }) },
    {
      recover: async () => ({
        kind: 'replan',
        tasks: { b: task({ needs: ['nobody'], run: one }) as unknown as AnyTask },
      }),
    },
  )
  expect(wrong.outcome.failed.get('a')?.message).toContain('task b needs "nobody"')
  const input = (): never => {
    throw new Error('cannot map')
  }
  const replacement = task({ input, run: double }) as unknown as AnyTask
  const unmapped = await outcomeOf(
    { a: task({ run: fail }) },
    { recover: async () => ({ kind: 'replace', task: replacement }) },
  )
  expect(unmapped.outcome.failed.get('a')?.message).toBe('cannot map')
  const thrown = await outcomeOf({ a: task({ run: fail }) }, { recover: async () => (await fail()) as never })
  expect(thrown.outcome.failed.get('a')?.message).toBe('broken')
})

test('a decision may use the run, and comes too late for a task that nobody wants', async () => {
  const told: { outcome?: GraphOutcome } = {}
  const tasks = {
    bad: task({ run: fail }),
    good: task({ timer: 10 }),
    first: task({ needs: ['bad', 'good'], join: 'any', run: one }),
  } as unknown as Record<string, AnyTask>
  const host = define({
    name: 'host',
    input: z.unknown(),
    run: async (ctx: RunContext) => {
      const recover: Recover = async () => {
        await ctx.sleep(1_000)
        return { kind: 'retry' }
      }
      told.outcome = await runGraph(ctx, prepareGraph('g', tasks), null, { recover })
    },
  })
  const engine = SmallEngine.start(host, null)
  await engine.result()
  expect(told.outcome?.records.map(({ status }) => status)).toEqual(['cancelled', 'completed', 'completed'])
  expect(engine.story().filter((line) => line.startsWith('step'))).toEqual(['step bad', 'step first'])
})

test('a run that ends while somebody decides ends', async () => {
  const tasks = { bad: task({ run: fail }) } as unknown as Record<string, AnyTask>
  const host = define({
    name: 'host',
    input: z.unknown(),
    run: (ctx: RunContext) =>
      runGraph(ctx, prepareGraph('g', tasks), null, {
        recover: async () => {
          throw new MeepoError('run.foreign_await', 'awaited a timer')
        },
      }),
  })
  expect((await SmallEngine.start(host, null).result()).error?.code).toBe('run.foreign_await')
})

test('nobody is asked for ever', async () => {
  let asked = 0
  const recover: Recover = async () => {
    asked++
    return { kind: 'retry' }
  }
  const { statuses } = await outcomeOf({ a: task({ run: fail }) }, { recover })
  expect([asked, statuses]).toEqual([99, { a: 'failed' }])
})

test('a wait between tries ends when nobody wants the task any more', async () => {
  const flaky = define({
    name: 'flaky',
    input: z.unknown(),
    run: async (): Promise<number> => {
      throw new MeepoError('step.timeout', 'too slow')
    },
  })
  const retry = { maxAttempts: 5, initialMs: 60_000, factor: 1, maxMs: 60_000 }
  const { statuses, engine } = await outcomeOf({
    bad: task({ run: flaky, retry }),
    good: task({ timer: 10 }),
    first: task({ needs: ['bad', 'good'], join: 'any', run: one }),
  })
  expect(statuses).toEqual({ bad: 'cancelled', good: 'completed', first: 'completed' })
  expect(engine.log().at(-1)?.at).toBeLessThan(1_000)
})
