import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { ToolCall } from '../model/model.ts'
import { directRun, type DirectRun } from '../testing/direct-context.ts'
import type { ToolMessage } from './answer.ts'
import { runTools } from './run-tools.ts'
import { defineTool, toolset, type Tool, type ToolCallContext } from './tool.ts'

async function resultsOf(...given: Parameters<typeof runTools>): Promise<readonly ToolMessage[]> {
  return (await runTools(...given)).results
}

const add = defineTool({
  name: 'add',
  description: 'Adds two numbers.',
  input: z.object({ a: z.number(), b: z.number() }),
  effect: 'read',
  run: ({ a, b }) => a + b,
})
const sum = { a: 1, b: 2 }

function call(name: string, args: Json = {}, id = 'c1'): ToolCall {
  return { id, name, arguments: args }
}

async function runOne(tool: Tool, args: Json, run: DirectRun = directRun()): Promise<ToolMessage | undefined> {
  const results = await resultsOf(run.ctx, toolset([tool]), [call(tool.name, args)], { turn: 1 })
  expect(results).toHaveLength(1)
  return results[0]
}

function failing(thrown: unknown): Tool {
  return defineTool({
    name: 'fail',
    description: '',
    input: z.object({}),
    effect: 'once',
    run: () => Promise.reject(thrown),
  })
}

test('a call is one step that carries what the tool says about itself', async () => {
  const run = directRun()
  const retry = { maxAttempts: 2, initialMs: 1, factor: 1, maxMs: 1 }
  const reconcile = async () => ({ kind: 'unknown' }) as const
  const pay = { ...add, effect: 'once' as const, timeoutMs: 5, retry, reconcile }
  expect(await runOne(pay, sum, run)).toEqual({ role: 'tool', callId: 'c1', tool: 'add', result: 3 })
  expect(run.steps).toEqual([
    {
      name: 'tool:add',
      options: {
        effect: 'once',
        // The rest is time to wait for room.
        timeoutMs: 600_005,
        retry,
        reconcile,
        isPaid: false,
        announcesCalls: false,
        meta: { kind: 'tool', tool: 'add', callId: 'c1', turn: 1 },
      },
    },
  ])
})

test('a body learns on whose behalf it runs', async () => {
  let seen: ToolCallContext | undefined
  const shown: string[] = []
  const spy = defineTool({
    name: 'spy',
    description: '',
    input: z.object({}),
    effect: 'read',
    run: (_args, context) => {
      seen = context
      context.preview?.('working')
    },
  })
  const run = directRun({ preview: (text) => shown.push(text) })
  expect(await runOne(spy, {}, run)).toMatchObject({ result: null })
  expect(seen).toMatchObject({
    callId: 'c1',
    attemptId: 'r1/0/1',
    idempotencyKey: 'r1/0',
    tenant: 'default',
    runId: 'r1',
  })
  expect(seen?.signal).toBe(run.ctx.signal)
  expect(shown).toEqual(['working'])
})

test('results come in the order of the calls, whichever ends first', async () => {
  const gates = new Map<string, () => void>()
  const wait = defineTool({
    name: 'wait',
    description: '',
    input: z.string(),
    effect: 'read',
    run: (name) => new Promise<string>((resolve) => gates.set(name, () => resolve(name))),
  })
  const calls = ['a', 'b', 'c'].map((id) => call('wait', id, id))
  const results = resultsOf(directRun().ctx, toolset([wait]), calls, { turn: 1 })
  for (const name of ['c', 'a', 'b']) gates.get(name)?.()
  expect((await results).map((message) => message.result)).toEqual(['a', 'b', 'c'])
})

test('no more calls run at one time than allowed', async () => {
  let open = 0
  let most = 0
  const count = defineTool({
    name: 'count',
    description: '',
    input: z.number(),
    effect: 'read',
    run: async (value) => {
      most = Math.max(most, ++open)
      await Promise.resolve()
      open--
      return value
    },
  })
  const calls = [1, 2, 3, 4, 5, 6, 7].map((value) => call('count', value, `c${value}`))
  const results = await resultsOf(directRun().ctx, toolset([count]), calls, { turn: 1, maxParallel: 2 })
  expect(results.map((message) => message.result)).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(most).toBe(2)
})

test('a tool that does not exist is told with those that do', async () => {
  const run = directRun()
  const [some] = await resultsOf(run.ctx, toolset([add]), [call('subtract')], { turn: 1 })
  const [none] = await resultsOf(run.ctx, toolset([]), [call('subtract')], { turn: 1 })
  expect(some).toEqual({
    role: 'tool',
    callId: 'c1',
    tool: 'subtract',
    result: { error: { code: 'tool.unknown', message: 'there is no tool "subtract"; the tools are: add' } },
    isError: true,
  })
  expect(JSON.stringify(none)).toContain('the tools are: none')
  expect(run.steps).toEqual([])
})

test('wrong arguments are told by field and start no step', async () => {
  const run = directRun()
  const message = await runOne(add, { a: 1, b: 'two' }, run)
  expect(message).toMatchObject({ isError: true, result: { error: { code: 'tool.invalid_arguments' } } })
  expect(JSON.stringify(message)).toContain('b: Invalid input: expected number')
  expect(run.steps).toEqual([])
})

test('arguments that are no JSON are refused', async () => {
  expect(await runOne(add, '{"a": 1')).toMatchObject({ result: { error: { code: 'tool.invalid_arguments' } } })
})

test('an error of the tool is a result', async () => {
  expect(await runOne(failing(new Error('no such file')), {})).toMatchObject({
    isError: true,
    result: { error: { code: 'tool.failed', message: 'no such file' } },
  })
  const own = new MeepoError('model.unavailable', 'no connection')
  expect(await runOne(failing(own), {})).toMatchObject({ result: { error: { code: 'model.unavailable' } } })
})

test('code reads why calls failed as a whole, of one call and of many', async () => {
  const thrown = new MeepoError('limit.exceeded', 'too many', {
    retryable: true,
    details: { retryAfterMs: 70 },
    cause: new Error('429'),
  })
  const whole = {
    code: 'limit.exceeded',
    message: 'too many',
    retryable: true,
    details: { retryAfterMs: 70 },
    cause: { code: 'step.failed', message: '429', retryable: false },
  }
  const tools = toolset([failing(thrown), add])
  const alone = await runTools(directRun().ctx, tools, [call('fail')])
  expect([...alone.errors]).toEqual([['c1', whole]])
  const fine = await runTools(directRun().ctx, tools, [call('add', sum)])
  expect(fine.errors.size).toBe(0)
  const calls = [call('add', sum, 'a'), call('fail', {}, 'b'), call('none', {}, 'c')]
  const { errors, results } = await runTools(directRun().ctx, tools, calls)
  expect([...errors].map(([id, { code }]) => [id, code])).toEqual([
    ['b', 'limit.exceeded'],
    ['c', 'tool.unknown'],
  ])
  expect(errors.get('b')).toEqual(whole)
  // A model is told what it can use.
  expect(results[1]?.result).toEqual({ error: { code: 'limit.exceeded', message: 'too many' } })
})

test.each(['step.timeout', 'step.unknown', 'task.cancelled'] as const)('%s is a result', async (code) => {
  const run = directRun({ intercept: () => new MeepoError(code, 'as the engine says') })
  expect(await runOne(add, sum, run)).toMatchObject({
    isError: true,
    result: { error: { code, message: 'as the engine says' } },
  })
})

test('a result that does not match the output schema is told after the step', async () => {
  const run = directRun()
  const broken = defineTool({
    name: 'broken',
    description: '',
    input: z.object({}),
    output: z.object({ total: z.number() }),
    effect: 'once',
    // A value whose type lies, as data from outside does.
    run: () => JSON.parse('{"total":"12"}') as { total: number },
  })
  expect(await runOne(broken, {}, run)).toMatchObject({
    isError: true,
    result: { error: { code: 'tool.invalid_output' } },
  })
  expect(run.steps).toHaveLength(1)
})

test('a result is what the output schema makes of it', async () => {
  const trimmed = { ...add, output: z.number().transform((value) => value * 2) }
  expect(await runOne(trimmed, sum)).toMatchObject({ result: 6 })
})

test('the end of the run is no result', async () => {
  const run = directRun()
  const endless = defineTool({
    name: 'endless',
    description: '',
    input: z.object({}),
    effect: 'read',
    run: () => new Promise<string>(() => undefined),
  })
  const results = resultsOf(run.ctx, toolset([endless]), [call('endless')], { turn: 1 })
  run.abort()
  await expect(results).rejects.toMatchObject({ code: 'run.cancelled' })
})

test('arguments that are data hold no references, whatever they look like', async () => {
  const echo = defineTool({
    name: 'echo',
    description: '',
    input: z.unknown(),
    effect: 'idempotent',
    run: (args) => args,
  })
  const foreign = { $result: 'c1', path: 'a' }
  const literal = { ...call('echo', foreign), isLiteral: true } as const
  const one = await resultsOf(directRun().ctx, [echo], [literal])
  const two = await resultsOf(directRun().ctx, [echo], [literal, { ...literal, id: 'c2' }])
  expect([...one, ...two].map(({ result }) => result)).toEqual([foreign, foreign, foreign])
})

test('tools that make no sense together are a rejection', async () => {
  await expect(runTools(directRun().ctx, [add, add], [call('add', sum)])).rejects.toThrow('two tools are called add')
})
