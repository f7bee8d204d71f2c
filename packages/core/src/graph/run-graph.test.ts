import { expect, test } from 'vitest'
import { z } from 'zod'
import { SmallEngine } from '../../test/small-engine.ts'
import { MeepoError } from '../base/errors.ts'
import type { RunContext } from '../run/context.ts'
import { define } from '../run/definition.ts'
import { noRetry } from '../run/retry.ts'
import { defineTool } from '../tool/tool.ts'
import { defineGraph, type GraphOptions } from './graph.ts'
import type { GraphOutcome, RunGraphOptions } from './outcome.ts'
import { prepareGraph, type GraphSettings } from './prepare.ts'
import { runGraph } from './run-graph.ts'
import { task, type AnyTask, type GraphTask } from './task.ts'
import type { TaskView } from './task-view.ts'

/** Takes a while, and gives its input back. */
const slow = define({
  name: 'slow',
  input: z.number(),
  run: async (ctx, ms) => {
    await ctx.sleep(ms)
    return ms
  },
})
const echo = define({ name: 'echo', input: z.unknown(), run: async (_ctx, input) => input })
const failing = define({
  name: 'failing',
  input: z.unknown(),
  run: async (): Promise<number> => {
    throw new MeepoError('step.timeout', 'too slow')
  },
})
const fail = async (): Promise<number> => {
  throw new Error('broken')
}
const one = async (): Promise<number> => 1

type Tasks = Readonly<Record<string, GraphTask<never, never, unknown>>>

/** Runs tasks to their end, and returns the outcome as plain data. */
async function outcomeOf(tasks: Tasks, settings: GraphSettings & RunGraphOptions = {}, input: unknown = null) {
  const told: { outcome?: GraphOutcome } = {}
  const graph = prepareGraph('g', tasks as unknown as Record<string, AnyTask>, settings)
  const engine = SmallEngine.start(
    define({
      name: 'host',
      input: z.unknown(),
      run: async (ctx: RunContext) => {
        told.outcome = await runGraph(ctx, graph, input, settings)
        return null
      },
    }),
    null,
  )
  const record = await engine.result()
  if (told.outcome === undefined) throw new Error(JSON.stringify(record))
  const { outcome } = told
  return {
    engine,
    outcome,
    results: Object.fromEntries(outcome.results),
    statuses: Object.fromEntries(outcome.records.map(({ taskId, status }) => [taskId, status])),
    whys: Object.fromEntries(
      outcome.records.flatMap(({ taskId, why, error }) => ((why ?? error) ? [[taskId, why ?? error?.message]] : [])),
    ),
  }
}

function graphOf(options: Omit<GraphOptions<unknown, Tasks, unknown>, 'name'>) {
  return defineGraph({ name: 'g', ...options } as GraphOptions<unknown, never, unknown>)
}

test('a condition that is false skips a task and those that need it, and says why', async () => {
  const { results, statuses, whys, engine } = await outcomeOf({
    a: task({ run: async () => 3 }),
    b: task({ needs: ['a'], when: ({ results: { a } }: TaskView<{ a: number }>) => a > 5, run: one }),
    c: task({ needs: ['b'], run: one }),
    d: task({ needs: ['a'], when: ({ tasks }) => tasks['a']?.status === 'completed', run: one }),
    e: task({ needs: ['d'], when: ({ results: all }) => all['a'] === 3, run: one }),
  })
  expect(results).toEqual({ a: 3, d: 1, e: 1 })
  expect(statuses).toEqual({ a: 'completed', b: 'skipped', c: 'skipped', d: 'completed', e: 'completed' })
  expect(whys).toEqual({ b: 'its condition is false', c: 'it needs b, which was skipped' })
  const told = engine.log().filter(({ type }) => type === 'progress.reported')
  expect(told.map(({ data }) => data)).toEqual([
    {
      details: {
        tasks: [
          { task: 'b', status: 'skipped', why: 'its condition is false' },
          { task: 'c', status: 'skipped', why: 'it needs b, which was skipped' },
        ],
      },
    },
  ])
})

test('a condition that throws fails its task', async () => {
  const { outcome } = await outcomeOf({
    a: task({
      when: () => {
        throw new Error('no such field')
      },
      run: one,
    }),
  })
  expect(outcome.failed.get('a')).toMatchObject({ message: 'no such field' })
})

test('an optional task may fail: those that need it go on without its result', async () => {
  const { outcome, results, statuses } = await outcomeOf({
    a: task({ optional: true, run: fail }),
    b: task({ needs: ['a'], input: (all) => Object.keys(all), run: async (keys: string[]) => keys }),
  })
  expect([outcome.success, results, statuses]).toEqual([true, { b: [] }, { a: 'failed', b: 'completed' }])
})

test('the first of several wins; the others are cancelled, and what only they wait for is not begun', async () => {
  const { results, statuses, whys, engine } = await outcomeOf({
    fast: task({ input: () => 10, run: slow }),
    slower: task({ input: () => 5_000, run: slow }),
    shared: task({ input: () => 2_000, run: slow }),
    feeder: task({ input: () => 9_000, run: slow }),
    fed: task({ needs: ['feeder'], input: () => 1, run: slow }),
    first: task({ needs: ['fast', 'slower', 'shared', 'fed'], join: 'any', input: (all) => all, run: echo }),
    other: task({ needs: ['shared'], run: one }),
  })
  expect(results).toEqual({ fast: 10, shared: 2_000, first: { fast: 10 }, other: 1 })
  expect(statuses).toEqual({
    fast: 'completed',
    slower: 'cancelled',
    shared: 'completed',
    feeder: 'cancelled',
    fed: 'skipped',
    first: 'completed',
    other: 'completed',
  })
  expect(whys).toEqual({
    slower: 'nobody waits for it any more: first goes on without',
    feeder: 'nobody waits for it any more: first goes on without',
    fed: 'nobody waits for it any more: first goes on without',
  })
  expect(engine.story().filter((line) => line.startsWith('cancelled'))).toEqual([
    'cancelled slower',
    'cancelled feeder',
  ])
})

test('a join fails when too few complete, and takes the failures upon itself', async () => {
  const { outcome, whys } = await outcomeOf({
    a: task({ run: one }),
    b: task({ run: fail }),
    c: task({ run: fail }),
    two: task({ needs: ['a', 'b', 'c'], join: { atLeast: 2 }, run: one }),
    all: task({ needs: ['b', 'c'], join: 'settled', input: (_all, _input, { tasks }) => tasks, run: echo }),
  })
  expect([...outcome.failed.keys()]).toEqual(['two'])
  expect(outcome.failed.get('two')?.code).toBe('graph.join_failed')
  expect(whys['two']).toBe('task two: it waits for 2 of its 3 needs, and only 1 completed')
  expect(outcome.results.get('all')).toMatchObject({
    b: { status: 'failed', error: { message: 'broken' } },
    c: { status: 'failed' },
  })
})

test('a join waits no longer than it is told', async () => {
  const { statuses, whys, outcome, engine } = await outcomeOf({
    fast: task({ input: () => 10, run: slow }),
    late: task({ input: () => 90_000, run: slow }),
    settled: task({ needs: ['fast', 'late'], join: 'settled', joinWithinMs: 1_000, input: (all) => all, run: echo }),
    all: task({ needs: ['fast', 'late'], joinWithinMs: 2_000, run: one }),
    inTime: task({ needs: ['fast'], joinWithinMs: 1_000, run: one }),
  })
  expect(statuses).toEqual({
    fast: 'completed',
    late: 'cancelled',
    settled: 'completed',
    all: 'failed',
    inTime: 'completed',
  })
  expect(outcome.results.get('settled')).toEqual({ fast: 10 })
  expect(whys['all']).toBe('task all: its needs were not there in time: late')
  expect(engine.machine.scheduler.now()).toBeLessThan(90_000)
})

test('a task runs for each item, so many at a time, and its results keep the order', async () => {
  let [open, most] = [0, 0]
  const counting = define({
    name: 'counting',
    input: z.number(),
    run: async (ctx, ms) => {
      most = Math.max(most, ++open)
      await ctx.sleep(ms)
      open--
      return ms * 2
    },
  })
  const tasks = {
    list: task({ run: async () => [50, 10, 30, 20, 40] }),
    each: task({
      needs: ['list'],
      forEach: ({ results }: TaskView<{ list: number[] }>) => results.list,
      concurrency: 2,
      run: counting,
    }),
    named: task({
      needs: ['list'],
      forEach: ({ results }: TaskView<{ list: number[] }>) => results.list,
      input: (_all, _input: unknown, { item, index }) => `${index}:${item}`,
      run: async (text: string) => text,
    }),
    none: task({ forEach: () => [], run: one }),
  }
  const { results, engine } = await outcomeOf(tasks)
  expect(results).toEqual({
    list: [50, 10, 30, 20, 40],
    each: [100, 20, 60, 40, 80],
    named: ['0:50', '1:10', '2:30', '3:20', '4:40'],
    none: [],
  })
  expect(most).toBe(2)
  expect(engine.story().filter((line) => line.startsWith('child'))).toEqual(
    [0, 1, 2, 3, 4].map((index) => `child each[${index}]`),
  )
})

test('an item that fails ends the others and fails the task, unless items are optional', async () => {
  const work = define({
    name: 'work',
    input: z.number(),
    run: async (ctx, ms) => {
      await ctx.sleep(ms)
      if (ms === 10) throw new Error('ten')
      return ms
    },
  })
  const items = (): number[] => [5, 10, 9_000, 20, 30]
  const { outcome, results, engine } = await outcomeOf({
    strict: task({ forEach: items, concurrency: 3, run: work }),
    lenient: task({ forEach: items, optionalItems: true, run: work }),
    list: task({ forEach: () => 'no list' as unknown as number[], run: work }),
  })
  expect(outcome.failed.get('strict')).toMatchObject({ message: 'ten', details: { item: 1 } })
  expect(results).toEqual({ lenient: [5, null, 9_000, 20, 30] })
  expect(engine.story()).toContain('cancelled strict[2]')
  expect(engine.story()).not.toContain('child strict[4]')
  expect(outcome.failed.get('list')?.message).toContain('forEach of task list gave no list')
})

test('a task is repeated until it is good, and not for ever', async () => {
  const rounds: unknown[] = []
  const { results, engine } = await outcomeOf({
    refine: task({
      input: (_all, _input, { last, times }) => ({ last: last ?? null, times: times ?? 0 }),
      run: async (seen: { last: unknown; times: number }) => {
        rounds.push(seen)
        return seen.times + 1
      },
      repeat: { until: (_view, last) => last >= 3, maxTimes: 9 },
    }),
    endless: task({ input: () => 1, run: slow, repeat: { until: () => false, maxTimes: 2 } }),
  })
  expect(results).toEqual({ refine: 3, endless: 1 })
  expect(rounds).toEqual([
    { last: null, times: 0 },
    { last: 1, times: 1 },
    { last: 2, times: 2 },
  ])
  expect(engine.story().filter((line) => /^(step|child)/.test(line))).toEqual([
    'step refine',
    'child endless',
    'step refine#2',
    'step refine#3',
    'child endless#2',
  ])
})

test('a question about a round that throws fails the task', async () => {
  const until = (): boolean => {
    throw new Error('no idea')
  }
  const { outcome } = await outcomeOf({ a: task({ run: one, repeat: { until, maxTimes: 2 } }) })
  expect(outcome.failed.get('a')?.message).toBe('no idea')
})

test('signals, timers and tools are tasks', async () => {
  const add = defineTool({
    name: 'add',
    description: 'Adds.',
    input: z.object({ a: z.number(), b: z.number() }),
    effect: 'read',
    run: ({ a, b }) => a + b,
  })
  const graph = graphOf({
    tasks: {
      wait: task({ timer: 1_000 }),
      longer: task({ needs: ['wait'], timer: ({ results }) => (results['wait'] === undefined ? 5 : 6) }),
      go: task({ signal: 'go', schema: z.object({ by: z.string() }) }),
      never: task({ signal: 'never', timeoutMs: 10, optional: true }),
      sum: task({ needs: ['go', 'longer'], input: () => ({ a: 1, b: 2 }), tool: add }),
      wrong: task({
        input: () => ({ a: 1, b: 'two' as unknown as number }),
        tool: add,
        optional: true,
        retry: noRetry,
      }),
    },
  })
  expect(graph.uses).toEqual([])
  const engine = SmallEngine.start(graph, null)
  await engine.run(5_000)
  engine.signal('go', { by: 'me' })
  const { result } = await engine.result()
  expect(result).toEqual({ go: { by: 'me' }, sum: 3 })
  expect(engine.story()).toEqual(expect.arrayContaining(['signal go', 'signal never', 'step tool:add']))
  const { records } = await outcomeOf({
    wrong: task({ input: () => ({ a: 1, b: 'two' as unknown as number }), tool: add }),
  }).then(({ outcome }) => outcome)
  expect(records).toMatchObject([{ agent: 'add', error: { code: 'tool.invalid_arguments' } }])
})

test('waits take no place', async () => {
  const graph = graphOf({
    maxParallel: 1,
    tasks: { one: task({ signal: 'one' }), two: task({ signal: 'two' }), work: task({ run: one }) },
  })
  const engine = SmallEngine.start(graph, null)
  await engine.run()
  expect(engine.story()).toEqual(['signal one', 'signal two', 'step work', 'done work'])
  engine.signal('two', 2)
  engine.signal('one', 1)
  expect((await engine.result()).result).toEqual({ one: 1, two: 2, work: 1 })
})

test('a child is tried again under a new id, after a wait', async () => {
  let tries = 0
  const flaky = define({
    name: 'flaky',
    input: z.unknown(),
    run: async () => {
      if (++tries < 3) throw new MeepoError('step.timeout', 'too slow')
      return tries
    },
  })
  const retry = { maxAttempts: 3, initialMs: 1_000, factor: 2, maxMs: 9_000 }
  const { results, engine, outcome } = await outcomeOf({
    a: task({ run: flaky, retry }),
    b: task({ run: failing, retry, optional: true }),
    c: task({ run: failing, optional: true }),
  })
  expect(results).toEqual({ a: 3 })
  expect(engine.story().filter((line) => line.startsWith('child a'))).toEqual(['child a', 'child a~2', 'child a~3'])
  expect(outcome.records.map(({ retries }) => retries)).toEqual([2, 2, 0])
  expect(outcome.records[0]?.durationMs).toBeGreaterThan(1_500)
})

test('a child that takes too long is cancelled, and tried again if it may be', async () => {
  const retry = { ...noRetry, maxAttempts: 2 }
  const { outcome, engine } = await outcomeOf({
    a: task({ input: () => 50_000, run: slow, timeoutMs: 100 }),
    b: task({ input: () => 50_000, run: slow, timeoutMs: 70, retry }),
    c: task({ input: () => 10, run: slow, timeoutMs: 100 }),
  })
  expect([...outcome.failed.values()].map(({ code, message }) => [code, message])).toEqual([
    ['graph.task_timeout', 'task a took longer than 100 ms'],
    ['graph.task_timeout', 'task b took longer than 70 ms'],
  ])
  expect(engine.story().filter((line) => /(child|cancelled) b/.test(line))).toEqual([
    'child b',
    'cancelled b',
    'child b~2',
    'cancelled b~2',
  ])
  expect(engine.log().at(-1)?.at).toBeLessThan(1_000)
})

test('functions keep time and tries as steps do', async () => {
  const { engine, outcome } = await outcomeOf({
    a: task({ run: () => new Promise<number>(() => undefined), timeoutMs: 50, retry: noRetry }),
  })
  expect(outcome.failed.get('a')?.code).toBe('step.timeout')
  expect(engine.story()).toEqual(['step a', 'failed a'])
})

test('budget and priority of a task are those of its child', async () => {
  const seen: unknown[] = []
  const look = define({ name: 'look', input: z.unknown(), run: async (ctx) => void seen.push(ctx.limits.picoDollars) })
  await outcomeOf({ a: task({ run: look, budget: '$0.5', priority: 3 }), b: task({ run: look, priority: 1 }) })
  expect(seen).toEqual(['500000000000', undefined])
})

test('pools keep tasks apart that need the same', async () => {
  const { engine } = await outcomeOf(
    {
      a: task({ input: () => 10, run: slow, uses: { gpu: 2 } }),
      b: task({ input: () => 10, run: slow, uses: { gpu: 1 } }),
      c: task({ input: () => 10, run: slow }),
    },
    { pools: { gpu: 2 } },
  )
  expect(engine.story()).toEqual(['child a', 'child c', 'done a', 'child b', 'done c', 'done b'])
})

test('a result that is not what was declared fails its task', async () => {
  const { outcome, results } = await outcomeOf({
    good: task({ run: async (): Promise<unknown> => ({ n: 1 }), output: z.object({ n: z.number() }) }),
    bad: task({ run: async (): Promise<unknown> => ({ n: 'x' }), output: z.object({ n: z.number() }) }),
  })
  expect(results).toEqual({ good: { n: 1 } })
  expect(outcome.failed.get('bad')?.code).toBe('output.invalid')
})

test('a task that is late is recorded as late', async () => {
  const { outcome, engine } = await outcomeOf({
    a: task({ input: () => 100, run: slow, deadlineMs: 50 }),
    b: task({ input: () => 10, run: slow, deadlineMs: 50 }),
  })
  expect(outcome.records.map(({ isLate }) => isLate)).toEqual([true, undefined])
  expect(engine.log().find(({ type }) => type === 'progress.reported')?.data).toEqual({
    details: { tasks: [{ task: 'a', status: 'completed', isLate: true }] },
  })
})

test('a graph may stop at its first failure', async () => {
  const { statuses, whys } = await outcomeOf(
    {
      bad: task({ run: fail }),
      running: task({ input: () => 9_000, run: slow }),
      items: task({ forEach: () => [9_000, 9_000, 9_000], concurrency: 1, run: slow }),
      ready: task({ input: () => 1, run: slow, priority: -1 }),
      behind: task({ needs: ['running'], run: one }),
      excused: task({ run: fail, optional: true }),
    },
    { maxParallel: 3, onFailure: 'stop' },
  )
  expect(statuses).toEqual({
    bad: 'failed',
    running: 'cancelled',
    items: 'cancelled',
    ready: 'skipped',
    behind: 'skipped',
    excused: 'skipped',
  })
  expect(new Set(Object.values(whys))).toEqual(new Set(['broken', 'task bad failed']))
})

test('what completed is undone in reverse order when the graph fails, each once, and what cannot be undone is told', async () => {
  const undone: unknown[] = []
  const undo = define({ name: 'undo', input: z.unknown(), run: async (_ctx, done) => void undone.push(done) })
  const tasks = {
    a: task({ input: () => 1, run: slow, onRollback: undo }),
    b: task({
      needs: ['a'],
      input: () => 'b',
      run: async (text: string) => text,
      onRollback: async (done) => void undone.push(done),
    }),
    c: task({ needs: ['b'], run: one, onRollback: fail }),
    d: task({
      needs: ['c'],
      forEach: () => [1, 2],
      run: async (n: number) => n,
      onRollback: async ({ result }) => void undone.push(result),
    }),
    e: task({ needs: ['d'], run: fail, onRollback: fail }),
  }
  const { outcome } = await outcomeOf(tasks)
  expect(undone).toEqual([2, 1, { input: 'b', result: 'b' }, { input: 1, result: 1 }])
  expect(outcome.rolledBack).toMatchObject([
    { taskId: 'd', index: 1 },
    { taskId: 'd', index: 0 },
    { taskId: 'c', error: { message: 'broken' } },
    { taskId: 'b' },
    { taskId: 'a' },
  ])
  const graph = graphOf({ tasks })
  expect(graph.uses?.map(({ name }) => name)).toEqual(['slow', 'undo'])
  const { error } = await SmallEngine.start(graph, null).result()
  expect(error?.details?.['rolledBack']).toEqual([
    { task: 'd', index: 1 },
    { task: 'd', index: 0 },
    { task: 'c', error: 'broken' },
    { task: 'b' },
    { task: 'a' },
  ])
  const fine = await outcomeOf({ a: tasks.a })
  expect(fine.outcome.rolledBack).toEqual([])
})

test('a run that is cancelled while it undoes ends there', async () => {
  const graph = graphOf({
    tasks: { a: task({ run: one, onRollback: slowUndo }), b: task({ needs: ['a'], run: fail }) },
  })
  const engine = SmallEngine.start(graph, null)
  await engine.run(10)
  engine.cancel('enough')
  expect(await engine.result()).toMatchObject({ status: 'cancelled' })
})
const slowUndo = define({ name: 'slowUndo', input: z.unknown(), run: async (ctx) => await ctx.sleep(1_000) })

test('two graphs of one run do not meet, and each tells how its tasks ended', async () => {
  const told: string[] = []
  const graph = prepareGraph('g', { a: task({ input: () => 1, run: slow }) as unknown as AnyTask })
  const twice = define({
    name: 'twice',
    input: z.unknown(),
    run: async (ctx) => {
      const onEnd = ({ taskId, status }: { taskId: string; status: string }): void =>
        void told.push(`${taskId} ${status}`)
      const [one, two] = await Promise.all([
        runGraph(ctx, graph, 1, { prefix: 'x.', onEnd }),
        runGraph(ctx, graph, 2, { prefix: 'y.' }),
      ])
      return [one.success, two.success]
    },
  })
  const engine = SmallEngine.start(twice, null)
  expect((await engine.result()).result).toEqual([true, true])
  expect(engine.story()).toEqual(['child x.a', 'child y.a', 'done x.a', 'done y.a'])
  expect(told).toEqual(['a completed'])
})

test('an orchestration of a thousand waits and tasks stays within what a run may have open', async () => {
  const waits = Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [`s${at}`, task({ signal: `s${at}` })]))
  const engine = SmallEngine.start(graphOf({ tasks: waits }), null)
  await engine.run()
  expect(engine.story()).toHaveLength(980)
  for (let at = 0; at < 1_200; at++) engine.signal(`s${at}`, at)
  expect((await engine.result()).success).toBe(true)
})

test('a graph refuses to go on with a run that began with another one of its version', async () => {
  const first = graphOf({ tasks: { a: task({ signal: 'go' }), b: task({ needs: ['a'], run: one }) } })
  const begun = SmallEngine.start(first, null)
  await begun.run()
  const changed = graphOf({ tasks: { a: task({ signal: 'go' }), b: task({ needs: ['a'], run: one, priority: 1 }) } })
  const refused = await SmallEngine.start(changed, null, begun.writes).result()
  expect(refused.error).toMatchObject({ code: 'run.nondeterministic', cause: { code: 'graph.changed' } })
  // Another body is the same graph.
  const same = graphOf({ tasks: { a: task({ signal: 'go' }), b: task({ needs: ['a'], run: async () => 2 }) } })
  const resumed = SmallEngine.start(same, null, begun.writes)
  resumed.signal('go', null)
  expect((await resumed.result()).result).toEqual({ a: null, b: 2 })
})
