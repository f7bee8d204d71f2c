import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import { define } from '../run/definition.ts'
import { noRetry } from '../run/retry.ts'
import { createTestMachine } from '../testing/test-machine.ts'
import { createToolBench } from '../testing/tool-bench.ts'
import { asTool } from './as-tool.ts'
import { createToolExecutor } from './executor.ts'
import { defineTool, type ToolCallContext } from './tool.ts'

const machine = createTestMachine()

function plain(name: string, run: (call: ToolCallContext) => unknown) {
  return defineTool({ name, description: '', effect: 'read', input: z.object({}), run: (_args, call) => run(call) })
}

test('tools can be registered later, each name once', async () => {
  const executor = createToolExecutor({ ...machine, tools: [plain('a', () => 1)] })
  executor.register(plain('b', () => 2))
  expect(await executor.call('b', {})).toBe(2)
  expect(() => executor.register(plain('a', () => 3))).toThrow('two tools are called a')
  executor.register(plain('c', () => 3))
  expect(await executor.call('c', {})).toBe(3)
})

test('one call rejects with its error', async () => {
  const executor = createToolExecutor(machine)
  await expect(executor.call('none', {})).rejects.toMatchObject({ code: 'tool.unknown' })
  const busy = plain('busy', () => {
    throw new MeepoError('limit.exceeded', 'too many', { notSent: true, details: { retryAfterMs: 70 } })
  })
  executor.register({ ...busy, retry: noRetry })
  await expect(executor.call('busy', {})).rejects.toMatchObject({ notSent: true, details: { retryAfterMs: 70 } })
})

test('a body learns that it runs on nobody but the tenant', async () => {
  let seen: ToolCallContext | undefined
  const spy = plain('spy', (call) => {
    seen = call
    call.heartbeat()
    call.preview?.('unread')
  })
  const executor = createToolExecutor({ ...machine, tools: [spy], tenant: 'acme' })
  await executor.run([{ name: 'spy', arguments: {} }])
  expect(seen).toMatchObject({ tenant: 'acme', callId: 'call-1' })
  expect(seen?.runId).toMatch(/^local-/)
  expect(seen?.attemptId).toBe(`${seen?.idempotencyKey}/1`)
})

test('failed tries are repeated as the tool says, after a wait', async () => {
  let tries = 0
  const shaky = plain('shaky', () => {
    if (++tries < 3) throw new MeepoError('tool.failed', 'not yet', { retryable: true })
    return tries
  })
  const executor = createToolExecutor({ ...machine, tools: [shaky] })
  expect(await machine.scheduler.until(executor.call('shaky', {}))).toBe(3)
})

test('a turn that is aborted between two tries ends', async () => {
  const abort = new AbortController()
  const shaky = plain('shaky', () => {
    machine.scheduler.after(1, () => abort.abort(new Error('enough')))
    throw new MeepoError('tool.failed', 'not yet', { retryable: true })
  })
  const executor = createToolExecutor({ ...machine, tools: [shaky] })
  const call = executor.call('shaky', {}, { signal: abort.signal })
  await expect(machine.scheduler.until(call)).rejects.toThrow('enough')
})

test('what needs a run says so', async () => {
  const definition = define({ name: 'flow', input: z.object({}), run: async () => 1 })
  const asked = { ...plain('asked', () => 1), approval: 'always' as const }
  const models = plain('models', () => 1)
  const executor = createToolExecutor({ ...machine, tools: [asTool(definition, { description: '' }), asked, models] })
  await expect(executor.call('flow', {})).rejects.toThrow('flow runs below a run, and here is none')
  await expect(executor.call('asked', {})).rejects.toThrow('nobody is there to answer approve:call-1')
})

test('nobody answers in time', async () => {
  const asked = { ...plain('asked', () => 1), approval: 'always' as const, approvalTimeoutMs: 100 }
  const executor = createToolExecutor({ ...machine, tools: [asked], approve: () => new Promise(() => undefined) })
  await expect(machine.scheduler.until(executor.call('asked', {}))).rejects.toThrow('nobody answered within 100 ms')
})

test('100 calls at once, 10,000 in the queue: all run, none twice, never more than may', async () => {
  const bench = createToolBench()
  const calls = Array.from({ length: 10_000 }, (_, value) => ({ name: 'a', arguments: { ms: 1, value } }))
  const { results, report } = await bench.run([bench.tool('a', { coalesce: false })], calls)
  expect(results.map(({ result }) => result)).toEqual(calls.map((_, value) => value))
  expect(bench.trace.filter((line) => line === 'a+')).toHaveLength(10_000)
  expect(bench.most.get('a')).toBe(100)
  expect(report).toMatchObject({ wallMs: 100, parallelism: 100, maxWaiting: 9_900 })
})
