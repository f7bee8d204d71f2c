import fc from 'fast-check'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { SmallEngine } from '../../test/small-engine.ts'
import { MeepoError } from '../base/errors.ts'
import { define } from '../run/definition.ts'
import { noRetry } from '../run/retry.ts'
import { directRun, runDirect } from '../testing/direct-context.ts'
import { defineGraph, type Graph, type GraphOptions } from './graph.ts'
import { task, type GraphTask } from './task.ts'

const double = define({ name: 'double', input: z.number(), run: async (_ctx, value) => value * 2 })
const fails = task({
  run: async (): Promise<number> => {
    throw new MeepoError('step.timeout', 'too slow')
  },
})

const sums = defineGraph({
  name: 'sums',
  input: z.object({ start: z.number() }),
  tasks: {
    both: task({
      needs: ['left', 'right'],
      input: (results: { left: number; right: number }) => results,
      run: async ({ left, right }) => left + right,
    }),
    left: task({ input: (_results, input: { start: number }) => input.start, run: double }),
    right: task({ run: async (input: { start: number }) => input.start + 1, effect: 'idempotent' }),
  },
})

test('a graph runs definitions as children and functions as steps, and results flow along the needs', async () => {
  expectTypeOf(sums).toEqualTypeOf<
    Graph<{ start: number }, { readonly both: number; readonly left: number; readonly right: number }>
  >()
  const run = directRun()
  expect(await runDirect(sums, { start: 5 }, run)).toEqual({ both: 16, left: 10, right: 6 })
  expect(run.children).toEqual([{ childId: 'left', input: 5 }])
  expect(run.steps).toEqual([
    { name: 'right', options: { effect: 'idempotent', meta: { kind: 'task', task: 'right' } } },
    { name: 'both', options: { effect: 'read', meta: { kind: 'task', task: 'both' } } },
  ])
  expect(sums).toMatchObject({ name: 'sums', version: '1', uses: [double] })
})

test('results stand in the order of declaration, whatever ended first', async () => {
  expect(Object.keys(await runDirect(sums, { start: 1 }))).toEqual(['both', 'left', 'right'])
})

test('a mapping sees the results of its needs and no others', async () => {
  const seen: unknown[] = []
  const graph = defineGraph({
    name: 'g',
    tasks: {
      a: task({ run: async () => 'a' }),
      b: task({ run: async () => 'b' }),
      c: task({ needs: ['b'], input: (results) => seen.push(results), run: async () => 'c' }),
    },
    output: ({ a, c }) => `${a}${c}`,
  })
  expectTypeOf(graph).toEqualTypeOf<Graph<unknown, string>>()
  expect(await runDirect(graph, null)).toBe('ac')
  expect(seen).toEqual([{ b: 'b' }])
})

test('the compiler refuses a task that reads what no task gives', () => {
  const reads = task({ needs: ['a'], input: (results: { a: string }) => results.a, run: async (text: string) => text })
  const wrong = { a: task({ run: async () => 1 }), reads }
  const right = { a: task({ run: async () => 'text' }), reads }
  type TasksOf<T> = GraphOptions<unknown, T, unknown>['tasks']
  expectTypeOf(right).toExtend<TasksOf<typeof right>>()
  expectTypeOf(wrong).not.toExtend<TasksOf<typeof wrong>>()
})

test('a failed task stops those that need it and no others, and the graph says which', async () => {
  const graph = defineGraph({
    name: 'g',
    tasks: {
      bad: fails,
      behind: task({ needs: ['bad'], run: async () => 1 }),
      further: task({ needs: ['behind'], run: async () => 1 }),
      good: task({ run: async () => 1 }),
      after: task({ needs: ['good'], run: async () => 1 }),
    },
  })
  const run = directRun()
  await expect(runDirect(graph, null, run)).rejects.toMatchObject({
    code: 'graph.task_failed',
    message: 'graph g: 1 of 5 tasks failed, 2 were not run: bad (step.timeout: too slow)',
    details: {
      failed: [{ task: 'bad', code: 'step.timeout', message: 'too slow' }],
      skipped: ['behind', 'further'],
    },
  })
  expect(run.steps.map((step) => step.name)).toEqual(['bad', 'good', 'after'])
})

test('the error of a graph holds all that is known about the failures of its tasks', async () => {
  const busy = async (): Promise<never> => {
    throw new MeepoError('limit.exceeded', 'busy', { retryable: true, details: { retryAfterMs: 5 } })
  }
  const graph = defineGraph({
    name: 'g',
    tasks: {
      list: task({ forEach: () => [1], retry: noRetry, run: busy }),
      plain: task({ run: () => Promise.reject(new Error('broken')) }),
    },
  })
  const { error } = await SmallEngine.start(graph, null).result()
  expect(error?.details?.['failed']).toEqual([
    { task: 'list', code: 'limit.exceeded', message: 'busy', retryable: true, details: { retryAfterMs: 5, item: 0 } },
    { task: 'plain', code: 'step.failed', message: 'broken' },
  ])
})

test('of many failed tasks the message names three', async () => {
  const graph = defineGraph({ name: 'g', tasks: { a: fails, b: fails, c: fails, d: fails, e: fails } })
  await expect(runDirect(graph, null)).rejects.toThrow(/5 of 5 tasks failed.*c \(step.timeout: too slow\), and 2 more$/)
})

test('a mapping that throws fails its task', async () => {
  const graph = defineGraph({
    name: 'g',
    tasks: {
      a: task({
        input: () => {
          throw new Error('no such field')
        },
        run: async () => 1,
      }),
      b: task({ run: async () => 1 }),
    },
  })
  await expect(runDirect(graph, null)).rejects.toThrow(
    '1 of 2 tasks failed, 0 were not run: a (step.failed: no such field)',
  )
})

test('partial results are told only when asked for', async () => {
  const tasks = {
    a: task({ run: async () => 1 }),
    b: task({ needs: ['a'], run: async () => 2 }),
    c: { ...fails, optional: true },
  }
  const quiet = directRun()
  await runDirect(defineGraph({ name: 'g', tasks }), null, quiet)
  expect(quiet.reports).toEqual([])
  const telling = directRun()
  await runDirect(defineGraph({ name: 'g', tasks, reportPartials: true }), null, telling)
  expect(telling.reports).toEqual([{ partial: { task: 'a', result: 1 } }, { partial: { task: 'b', result: 2 } }])
})

test('a report that cannot be made fails the run instead of leaving it open', async () => {
  const run = directRun()
  const report = () => {
    throw new MeepoError('json.invalid', 'no JSON')
  }
  const graph = defineGraph({ name: 'g', tasks: { a: task({ run: async () => 1 }) }, reportPartials: true })
  await expect(runDirect(graph, null, { ...run, ctx: { ...run.ctx, report } })).rejects.toThrow('no JSON')
})

test('the end of the run is no failure of a task, and nothing is started after it', async () => {
  const run = directRun({
    intercept: (name) => (name === 't1' ? new MeepoError('run.nondeterministic', 'another call') : undefined),
  })
  const tasks = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`t${index}`, task({ run: async () => index })]),
  )
  const graph = defineGraph({ name: 'g', tasks, maxParallel: 2 })
  await expect(runDirect(graph, null, run)).rejects.toMatchObject({ code: 'run.nondeterministic' })
  expect(run.steps.length).toBeLessThan(6)
})

test('a context that refuses calls ends the graph at once', async () => {
  const run = directRun()
  const step = (): never => {
    throw new MeepoError('run.foreign_await', 'awaited a timer')
  }
  const graph = defineGraph({ name: 'g', tasks: { a: task({ run: async () => 1 }), b: task({ run: async () => 1 }) } })
  await expect(runDirect(graph, null, { ...run, ctx: { ...run.ctx, step } })).rejects.toMatchObject({
    code: 'run.foreign_await',
  })
})

test('no more tasks are open than allowed, needs are kept and each runs once, in any order of ending', async () => {
  const wishes = fc.array(fc.array(fc.nat(20), { maxLength: 3 }), { minLength: 1, maxLength: 20 })
  const delays = fc.array(fc.nat(6), { minLength: 20, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(wishes, delays, fc.integer({ min: 1, max: 5 }), async (wanted, hops, maxParallel) => {
      const ended: string[] = []
      let open = 0
      const tasks: Record<string, GraphTask<unknown, unknown>> = {}
      for (const [index, wish] of wanted.entries()) {
        const id = `t${index}`
        const needs = [...new Set(wish.filter((need) => need < index).map((need) => `t${need}`))]
        const run = async () => {
          expect(ended).toEqual(expect.arrayContaining(needs))
          expect(++open).toBeLessThanOrEqual(maxParallel)
          for (let hop = hops[index] ?? 0; hop > 0; hop--) await Promise.resolve()
          open--
          ended.push(id)
        }
        tasks[id] = task({ needs, run })
      }
      await runDirect(defineGraph({ name: 'g', tasks, maxParallel }), null)
      expect(ended.toSorted()).toEqual(Object.keys(tasks).toSorted())
    }),
  )
})

test.each([0, 1_001, 1.5])('a cap of %s is refused', (maxParallel) => {
  const tasks = { a: task({ run: async () => 1 }) }
  expect(() => defineGraph({ name: 'g', tasks, maxParallel })).toThrow(/maxParallel must be a whole number/)
})

test('the order of starts is made of what tasks took lately, as it was recorded', async () => {
  let took: Record<string, number> | undefined = { a: 5, b: 50, c: 500, __proto__: 1 }
  const measured = async (): Promise<Record<string, number>> => {
    if (took === undefined) throw new MeepoError('step.failed', 'no history')
    return took
  }
  const run = async (): Promise<number> => 1
  const graph = defineGraph({
    name: 'g',
    maxParallel: 1,
    measured,
    tasks: { a: task({ run }), b: task({ run, expects: { ms: 9_000 } }), c: task({ run }), d: task({ run }) },
  })
  const engine = SmallEngine.start(graph, null)
  await engine.result()
  const order = ['step measured', 'step c', 'step b', 'step d', 'step a']
  expect(engine.story().filter((line) => line.startsWith('step'))).toEqual(order)
  took = undefined
  const again = SmallEngine.start(graph, null, engine.writes.slice(0, 6))
  await again.result()
  expect(again.story().filter((line) => line.startsWith('step'))).toEqual(order)
  const unknown = SmallEngine.start(graph, null)
  await unknown.result()
  expect(
    unknown
      .story()
      .filter((line) => line.startsWith('step'))
      .slice(0, 2),
  ).toEqual(['step measured', 'step a'])
  const cancelled = directRun({ intercept: () => new MeepoError('run.nondeterministic', 'another call') })
  await expect(runDirect(graph, null, cancelled)).rejects.toThrow('another call')
})
