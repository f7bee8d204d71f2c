import { expect, test } from 'vitest'
import { z } from 'zod'
import { echo, fail, graphOf, one, outcomeOf, slow } from '../../test/graph-outcome.ts'
import { SmallEngine } from '../../test/small-engine.ts'
import type { RunContext } from '../run/context.ts'
import { define } from '../run/definition.ts'
import { defineGraph } from './graph.ts'
import type { Decision } from './outcome.ts'
import { prepareGraph } from './prepare.ts'
import { runGraph } from './run-graph.ts'
import { task } from './task.ts'
import type { AnyTask } from './task.ts'
import type { TaskView } from './task-view.ts'

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
  expect(outcome.failed.get('two')).toMatchObject({
    code: 'graph.join_failed',
    details: { failed: [{ task: 'b', code: 'step.failed', message: 'broken' }, { task: 'c' }] },
  })
  expect(whys['two']).toBe(
    'task two: it waits for 2 of its 3 needs, and only 1 completed: b (step.failed: broken), c (step.failed: broken)',
  )
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

test('the result of a graph may be made of how its tasks ended', async () => {
  const graph = defineGraph({
    name: 'g',
    tasks: { a: task({ run: fail, optional: true }), b: task({ when: () => false, run: one }), c: task({ run: one }) },
    output: (_results, { tasks, input }) => ({ tasks, input }),
  })
  expect((await SmallEngine.start(graph, 'in').result()).result).toMatchObject({
    input: 'in',
    tasks: {
      a: { status: 'failed', error: { message: 'broken' } },
      b: { status: 'skipped', why: 'its condition is false' },
      c: { status: 'completed' },
    },
  })
})

test('a view tells why an earlier task did not run', async () => {
  const { results } = await outcomeOf({
    a: task({ when: () => false, run: one }),
    b: task({
      needs: ['a'],
      join: 'settled',
      input: (_all, _input, { tasks }) => tasks['a']?.why,
      run: async (why: unknown) => why,
    }),
  })
  expect(results).toEqual({ b: 'its condition is false' })
})

test('what is told about a task must not throw: it ends the run, wherever it happens', async () => {
  const graph = prepareGraph('g', { a: task({ run: fail }) as unknown as AnyTask })
  const onEnd = (): never => {
    throw new Error('cannot tell')
  }
  const recover = async (): Promise<Decision> => ({ kind: 'fail' })
  const host = define({
    name: 'host',
    input: z.unknown(),
    run: (ctx: RunContext) => runGraph(ctx, graph, null, { onEnd, recover }),
  })
  expect((await SmallEngine.start(host, null).result()).error?.message).toBe('cannot tell')
})

test('a task that is given up before it was asked is not asked', async () => {
  let asked = 0
  const { statuses } = await outcomeOf({
    n: task({ run: one }),
    x: task({ needs: ['n'], when: () => ++asked > 0, run: one }),
    j: task({ needs: ['n', 'x'], join: 'any', run: one }),
  })
  expect([statuses, asked]).toEqual([{ n: 'completed', x: 'skipped', j: 'completed' }, 0])
})

test('a task that two joins give up is told once', async () => {
  const { engine, statuses } = await outcomeOf(
    {
      fast: task({ run: one }),
      fail: task({ run: fail }),
      lost: task({
        run: (_input, { signal }) =>
          new Promise<number>((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(new Error('told to stop'))),
          ),
      }),
      first: task({ needs: ['fast', 'lost'], join: 'any', run: one }),
    },
    { onFailure: 'stop' },
  )
  expect(statuses['lost']).toBe('cancelled')
  expect(engine.story().filter((line) => line === 'cancelled lost')).toHaveLength(1)
})

test('nothing happens in a graph after it ended', async () => {
  const graph = prepareGraph('g', { a: task({ run: fail }), b: task({ run: fail }) } as unknown as Record<
    string,
    AnyTask
  >)
  const told: string[] = []
  const host = define({
    name: 'host',
    input: z.unknown(),
    run: (ctx: RunContext) => {
      const both = ctx.sleep(1_000)
      const onEnd = ({ taskId }: { taskId: string }): never => {
        told.push(taskId)
        throw new Error('cannot tell')
      }
      return runGraph(ctx, graph, null, {
        onEnd,
        recover: async (): Promise<Decision> => (await both, { kind: 'fail' }),
      })
    },
  })
  expect((await SmallEngine.start(host, null).result()).error?.message).toBe('cannot tell')
  expect(told).toEqual(['a'])
})
