import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { noRetry } from '../run/retry.ts'
import { directRun } from '../testing/direct-context.ts'
import { createToolBench } from '../testing/tool-bench.ts'
import { asTool } from './as-tool.ts'
import { runTools } from './run-tools.ts'
import { defineTool, type Tool } from './tool.ts'
import { define } from '../run/definition.ts'

function errorOf(result: Json | undefined): { code: string; message: string; tried?: unknown } {
  return (result as { error: { code: string; message: string } }).error
}

function failing(name: string, thrown: unknown, more: Partial<Tool> = {}): Tool {
  const base = defineTool({
    name,
    description: '',
    effect: 'read',
    input: z.object({}),
    retry: noRetry,
    run: () => Promise.reject(thrown),
  })
  return { ...base, ...more } as Tool
}

const broken = new Error('broken')

test('a failed call is tried with the next tool of its chain, and the result says nothing of it', async () => {
  const bench = createToolBench()
  const last = bench.tool('last')
  const first = failing('first', broken, { fallback: [failing('second', broken), last] })
  const { results, report } = await bench.run([first], [{ name: 'first', arguments: { value: 7 } }])
  expect(results).toEqual([{ role: 'tool', callId: 'call-1', tool: 'first', result: 7 }])
  expect(report).toMatchObject({ fellBack: 1, failed: 0, tools: { last: { calls: 1 } } })
})

test('when all fail the model reads what each of them said', async () => {
  const bench = createToolBench()
  const second = failing('second', new MeepoError('limit.exceeded', 'too many', { retryable: false }))
  const strict = defineTool({ name: 'strict', description: '', effect: 'read', input: z.string(), run: () => 1 })
  const first = failing('first', broken, { fallback: [second, strict] })
  const { results, errors } = await bench.run([first], [{ name: 'first', arguments: {} }])
  expect(results[0]?.isError).toBe(true)
  expect(errors.get('call-1')).toMatchObject({
    code: 'tool.failed',
    retryable: false,
    details: { tried: [{ tool: 'first' }, { tool: 'second' }, { tool: 'strict' }] },
  })
  expect(errorOf(results[0]?.result)).toMatchObject({
    code: 'tool.failed',
    message: 'broken; its fallbacks failed too',
    tried: [
      { tool: 'first', code: 'tool.failed', message: 'broken' },
      { tool: 'second', code: 'limit.exceeded', message: 'too many' },
      { tool: 'strict', code: 'tool.invalid_arguments' },
    ],
  })
})

test('what must not happen twice is tried elsewhere only when it never left', async () => {
  const bench = createToolBench()
  const other = bench.tool('other')
  const once = { effect: 'once', fallback: other } as const
  const unsent = new MeepoError('tool.failed', 'no line', { notSent: true })
  const tools = [failing('maybe', broken, once), failing('never', unsent, once)]
  const { results } = await bench.run(
    tools,
    ['maybe', 'never'].map((name) => ({ name, arguments: {} })),
  )
  expect(errorOf(results[0]?.result)).toEqual({ code: 'tool.failed', message: 'broken' })
  expect(results[1]).toMatchObject({ result: null })
})

test('a chain ends at a fallback that may have happened', async () => {
  const bench = createToolBench()
  const pay = failing('pay', new Error('lost'), { effect: 'once' })
  const first = failing('first', broken, { fallback: [pay, bench.tool('last')] })
  const { results } = await bench.run([first], [{ name: 'first', arguments: {} }])
  expect(errorOf(results[0]?.result).tried).toHaveLength(2)
})

test('wrong arguments, denials and cancelled tasks are no reason to try another tool', async () => {
  const bench = createToolBench({ approve: async () => ({ approved: false }) })
  const fallback = bench.tool('other')
  const strict = defineTool({
    name: 'strict',
    description: '',
    effect: 'read',
    input: z.string(),
    fallback,
    run: () => 1,
  })
  const asked = failing('asked', broken, { approval: 'always', fallback })
  const lost = failing('lost', new MeepoError('task.cancelled', 'not wanted'), { fallback })
  const { results } = await bench.run(
    [strict, asked, lost],
    ['strict', 'asked', 'lost'].map((name) => ({ name, arguments: {} })),
  )
  expect(results.map(({ result }) => errorOf(result).code)).toEqual([
    'tool.invalid_arguments',
    'tool.denied',
    'task.cancelled',
  ])
  expect(bench.trace).toEqual([])
})

test('a fallback that needs a person asks for itself', async () => {
  const asked: string[] = []
  const approve = async (signal: string) => ({ approved: asked.push(signal) > 1, reason: 'too early' })
  const bench = createToolBench({ approve })
  const first = failing('first', broken, { fallback: bench.tool('other', { approval: 'always' }) })
  const calls = [{ name: 'first', arguments: {} }]
  const denied = await bench.run([first], calls)
  expect(errorOf(denied.results[0]?.result).tried).toMatchObject([{}, { tool: 'other', code: 'tool.denied' }])
  expect((await bench.run([first], calls)).results).toMatchObject([{ result: null }])
  expect(asked).toEqual(['approve:call-1/other', 'approve:call-1/other'])
})

test('the end of the run is no reason to try another tool', async () => {
  const ending = new MeepoError('run.cancelled', 'over')
  const other = failing('other', ending)
  for (const tool of [failing('a', ending, { fallback: other }), failing('a', broken, { fallback: other })]) {
    const calls = [
      { id: 'x', name: 'a', arguments: {} },
      { id: 'y', name: 'b', arguments: {} },
    ]
    await expect(runTools(directRun().ctx, [tool], calls)).rejects.toThrow('over')
    await expect(runTools(directRun().ctx, [tool], calls.slice(0, 1))).rejects.toThrow('over')
  }
})

test('a tool may go on when nobody answers, and says so when it asks', async () => {
  const run = directRun()
  run.expire('approve:x')
  const bench = createToolBench()
  const tool = bench.tool('a', { approval: 'always', approvalDefault: 'approve', approvalTimeoutMs: 60_000 })
  const { results } = await runTools(run.ctx, [tool], [{ id: 'x', name: 'a', arguments: { value: 1 } }])
  expect(results).toMatchObject([{ result: 1 }])
  expect(run.reports).toMatchObject([{ details: { whenNobodyAnswers: 'approve', answerBy: 60_000 } }])
})

test('calls that wait for people hold up nobody, and go on in the order of the answers', async () => {
  const answers = new Map<string, () => void>()
  const approve = (signal: string) =>
    new Promise<{ approved: boolean }>((resolve) => answers.set(signal, () => resolve({ approved: true })))
  const bench = createToolBench({ approve })
  const { scheduler } = bench.machine
  for (const [place, id] of ['approve:c', 'approve:a', 'approve:b'].entries())
    scheduler.after(100 + 10 * place, () => answers.get(id)?.())
  const asked = bench.tool('asked', { approval: 'always', coalesce: false })
  const calls = ['a', 'b', 'c'].map((id) => ({ id, name: 'asked', arguments: { value: id } }))
  const free = Array.from({ length: 3 }, (_, place) => ({ name: 'free', arguments: { ms: 10, value: place } }))
  const { results, report } = await bench.run([asked, bench.tool('free')], [...calls, ...free], { maxParallel: 1 })
  expect(results.map(({ result }) => result)).toEqual(['a', 'b', 'c', 0, 1, 2])
  expect(report).toMatchObject({ wallMs: 120, busyMs: 30, maxAtOnce: 1 })
})

test('a run has only so many open tasks: more people are asked when others have answered', async () => {
  const bench = createToolBench({ approve: async (signal) => ({ approved: !signal.endsWith('7') }) })
  const tool = bench.tool('asked', { approval: 'always', coalesce: false })
  const calls = Array.from({ length: 900 }, (_, place) => ({ name: 'asked', arguments: { value: place } }))
  const { results } = await bench.run([tool], calls)
  expect(results.filter(({ isError }) => isError)).toHaveLength(90)
  expect(results.filter(({ isError }) => !isError).map(({ result }) => result)).toHaveLength(810)
})

test('the end of the run while people are asked ends the turn', async () => {
  const run = directRun()
  const tool = createToolBench().tool('asked', { approval: 'always' })
  const turn = runTools(run.ctx, [tool], [{ id: 'x', name: 'asked', arguments: {} }])
  run.abort()
  await expect(turn).rejects.toThrow('cancelled by the test')
})

test('a composite tool is a child run by the id of its call', async () => {
  const double = define({ name: 'math.double', input: z.object({ n: z.number() }), run: async (_ctx, { n }) => 2 * n })
  const tool = asTool(double, { description: 'Doubles.', childOptions: { priority: 3 } })
  const run = directRun()
  const { results } = await runTools(run.ctx, [tool], [{ id: 'x', name: 'math_double', arguments: { n: 2 } }], {
    turn: 3,
  })
  expect(results).toMatchObject([{ result: 4 }])
  expect(run.children).toEqual([{ childId: 'x', input: { n: 2 } }])
  expect(tool).toMatchObject({ name: 'math_double', version: '1', effect: 'idempotent', spec: expect.any(Function) })
})

test('a composite fallback is a child of its own', async () => {
  const plain = define({ name: 'plain', input: z.object({}), run: async () => 'plain' })
  const fancy = define({ name: 'fancy', input: z.object({}), run: () => Promise.reject(new Error('too fancy')) })
  const fallback = asTool(plain, { description: '' })
  const tool = asTool(fancy, { description: '', fallback, output: z.string() })
  const run = directRun()
  const { results } = await runTools(run.ctx, [tool], [{ id: 'x', name: 'fancy', arguments: {} }])
  expect(results).toMatchObject([{ result: 'plain' }])
  expect(run.children.map(({ childId }) => childId)).toEqual(['x', 'x/plain'])
})

test('paid calls wait for the log, calls with a price for their announcement', async () => {
  const run = directRun()
  const bench = createToolBench()
  await runTools(
    run.ctx,
    [bench.tool('paid', { isPaid: true }), bench.tool('priced', { price: 0.01 })],
    ['paid', 'priced'].map((name) => ({ id: name, name, arguments: {} })),
  )
  expect(run.steps.map(({ options: { isPaid, announcesCalls } }) => [isPaid, announcesCalls])).toEqual([
    [true, false],
    [true, true],
  ])
})
