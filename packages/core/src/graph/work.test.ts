import { expect, test } from 'vitest'
import { z } from 'zod'
import { echo, fail, failing, graphOf, one, outcomeOf, slow } from '../../test/graph-outcome.ts'
import { SmallEngine } from '../../test/small-engine.ts'
import { MeepoError, type ErrorData } from '../base/errors.ts'
import { define } from '../run/definition.ts'
import { noRetry } from '../run/retry.ts'
import { asTool } from '../tool/as-tool.ts'
import { defineTool } from '../tool/tool.ts'
import type { Tool } from '../tool/tool.ts'
import { task } from './task.ts'
import type { AnyTask } from './task.ts'

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

test('the error of a tool reaches record and recovery as it was thrown', async () => {
  const busy = defineTool({
    name: 'busy',
    description: 'Is busy.',
    input: z.object({}),
    effect: 'read',
    retry: noRetry,
    run: () => {
      throw new MeepoError('tool.failed', 'try later', { retryable: true, details: { retryAfterMs: 70 } })
    },
  })
  const error = { code: 'tool.failed', message: 'try later', retryable: true, details: { retryAfterMs: 70 } }
  const heard: ErrorData[] = []
  const { outcome } = await outcomeOf(
    { call: task({ input: () => ({}), tool: busy }) },
    { recover: async ({ error: told }) => (heard.push(told), { kind: 'fail' }) },
  )
  expect(heard).toEqual([error])
  expect([...outcome.failed]).toEqual([['call', error]])
  expect(outcome.records).toMatchObject([{ error }])
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
  await outcomeOf({
    a: task({ run: look, budget: '$0.5', priority: 3 }),
    b: task({ run: look, priority: 1 }),
    c: task({ run: look, budget: 1 }),
  })
  expect(seen).toEqual(['500000000000', undefined, '1000000000000'])
})

test('a result that is not what was declared fails its task', async () => {
  const { outcome, results } = await outcomeOf({
    good: task({ run: async (): Promise<unknown> => ({ n: 1 }), output: z.object({ n: z.number() }) }),
    bad: task({ run: async (): Promise<unknown> => ({ n: 'x' }), output: z.object({ n: z.number() }) }),
  })
  expect(results).toEqual({ good: { n: 1 } })
  expect(outcome.failed.get('bad')?.code).toBe('output.invalid')
})

const patient = defineTool({
  name: 'patient',
  description: 'Never answers.',
  input: z.unknown(),
  effect: 'read',
  run: (_args, { signal }) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('told to stop')))),
})
const guarded = defineTool({
  name: 'guarded',
  description: 'Asks first.',
  input: z.unknown(),
  effect: 'read',
  approval: 'always',
  run: () => 'done',
})

test('tool calls that nobody wants any more are cancelled, with all that they have open', async () => {
  const { statuses, engine } = await outcomeOf({
    patient: task({ tool: patient }),
    again: task({ tool: { ...patient, fallback: guarded } }),
    guarded: task({ tool: guarded }),
    composite: task({ input: () => 90_000, tool: asTool(slow, { name: 'nap', description: 'Sleeps.' }) }),
    limited: task({ tool: patient, timeoutMs: 5, retry: noRetry, optional: true }),
    fast: task({ input: () => 50, run: slow }),
    first: task({ needs: ['patient', 'again', 'guarded', 'composite', 'fast'], join: 'any', run: one }),
  })
  expect(statuses).toEqual({
    patient: 'cancelled',
    again: 'cancelled',
    guarded: 'cancelled',
    composite: 'cancelled',
    limited: 'failed',
    fast: 'completed',
    first: 'completed',
  })
  expect(engine.log().at(-1)?.at).toBeLessThan(1_000)
  // The fallback of a cancelled call is not begun.
  expect(engine.story().filter((line) => line.includes('guarded'))).toEqual([
    'signal approve:guarded',
    'cancelled approve:guarded',
  ])
})

test('a tool that a person agreed to is done', async () => {
  const tasks = {
    guarded: task({ tool: guarded }),
    fallback: task({ tool: { ...patient, fallback: [guarded] }, optional: true, timeoutMs: 5, retry: noRetry }),
  }
  const engine = SmallEngine.start(graphOf({ tasks }), null)
  await engine.run()
  engine.signal('approve:guarded', { approved: true })
  engine.signal('approve:fallback/guarded', { approved: false })
  expect((await engine.result()).result).toMatchObject({ guarded: 'done' })
})

test('the definitions of tools and rollbacks are those of the graph', () => {
  const nap = asTool(slow, { name: 'nap', description: 'Sleeps.' })
  const graph = graphOf({
    uses: [failing],
    tasks: {
      a: task({ input: () => 1, tool: nap }),
      b: task({ tool: { ...guarded, fallback: [nap as Tool] } }),
      d: task({ tool: { ...guarded, fallback: asTool(echo, { name: 'echo', description: 'Echoes.' }) as Tool } }),
      c: task({ run: one, onRollback: echo }),
    },
  })
  expect(graph.uses?.map(({ name }) => name)).toEqual(['failing', 'slow', 'echo'])
})

test('work that cannot even be begun again fails its task', async () => {
  const timer = task({
    timer: () => {
      throw new Error('no idea how long')
    },
  }) as unknown as AnyTask
  const { outcome } = await outcomeOf(
    { a: task({ run: fail }) },
    {
      recover: async ({ error }) => (error.message === 'broken' ? { kind: 'replace', task: timer } : { kind: 'fail' }),
    },
  )
  expect(outcome.failed.get('a')?.message).toBe('no idea how long')
})

test('a function may have tries or a timeout of its own', async () => {
  let tries = 0
  const { results, outcome } = await outcomeOf({
    a: task({
      run: async () => {
        if (++tries < 5) throw new MeepoError('step.timeout', 'too slow')
        return tries
      },
      retry: { maxAttempts: 5, initialMs: 1, factor: 1, maxMs: 1 },
    }),
    b: task({ run: one, timeoutMs: 5 }),
  })
  expect([results, outcome.success]).toEqual([{ a: 5, b: 1 }, true])
})
