import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import { createToolBench } from '../testing/tool-bench.ts'
import type { ExecutorCall } from './executor.ts'
import { defineTool } from './tool.ts'

function call(name: string, args: ExecutorCall['arguments'] = {}, more: Partial<ExecutorCall> = {}): ExecutorCall {
  return { name, arguments: args, ...more }
}

test('calls run in parallel as far as the turn allows', async () => {
  const bench = createToolBench()
  const calls = Array.from({ length: 7 }, (_, place) => call('work', { ms: 10, value: place }))
  const { results, report } = await bench.run([bench.tool('work')], calls, { maxParallel: 3 })
  expect(results.map(({ result }) => result)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(bench.most.get('work')).toBe(3)
  expect(report).toMatchObject({ wallMs: 30, busyMs: 70, maxAtOnce: 3, speedUp: 2.33, maxWaiting: 4 })
})

test('a tool comes after all calls of another one, however they end', async () => {
  const bench = createToolBench()
  const calls = [call('write', { value: 1 }), call('read', { ms: 5 }), call('read', { ms: 9, fails: 'no' })]
  const { results } = await bench.run([bench.tool('read'), bench.tool('write', { after: ['read', 'other'] })], calls)
  expect(bench.trace).toEqual(['read+', 'read+', 'read-', 'read-', 'write+', 'write-'])
  expect(results.map(({ isError }) => isError)).toEqual([undefined, undefined, true])
})

test('a call comes after the calls that it names', async () => {
  const bench = createToolBench()
  const calls = [call('b', {}, { after: ['x'] }), call('a', { ms: 5 }, { id: 'x' }), call('b', {}, { after: ['y'] })]
  const { results } = await bench.run([bench.tool('a'), bench.tool('b')], calls)
  expect(bench.trace).toEqual(['a+', 'a-', 'b+', 'b-'])
  expect(results[2]).toMatchObject({ isError: true, result: { error: { message: 'there is no call y to wait for' } } })
})

test('what conflicts never runs together, whoever says so', async () => {
  const bench = createToolBench()
  const tools = [
    bench.tool('edit', { conflictsWith: ['build', 'edit'], effect: 'idempotent' }),
    bench.tool('build'),
    bench.tool('look'),
  ]
  const calls = [call('edit', { ms: 5 }), call('edit', { ms: 5 }), call('build', { ms: 5 }), call('look', { ms: 12 })]
  await bench.run(tools, calls)
  expect(bench.most.get('edit')).toBe(1)
  expect(bench.trace).toEqual(['edit+', 'look+', 'edit-', 'edit+', 'edit-', 'build+', 'look-', 'build-'])
})

test('a result flows into the arguments of another call', async () => {
  const bench = createToolBench()
  const calls = [
    call('use', { value: { $result: 'found', path: 'items.1' } }),
    call('find', { ms: 5, value: { items: [1, 2] } }, { id: 'found' }),
    call('use', { value: { $result: 'find' } }),
    call('use', { value: { $result: 'use', path: 'items.0' } }),
  ]
  const { results, report } = await bench.run([bench.tool('find'), bench.tool('use')], calls)
  expect(results.map(({ result }) => result)).toEqual([2, { items: [1, 2] }, { items: [1, 2] }, 1])
  expect(report.criticalPath).toEqual({ callIds: ['found', 'call-1'], ms: 5 })
})

test('a tool is meant by the nearest call before, else by the first behind', async () => {
  const bench = createToolBench()
  const calls = [
    call('use', { value: { $result: 'find' } }),
    call('find', { value: 'first' }),
    call('find', { value: 'second' }),
    call('use', { value: { $result: 'find' } }),
  ]
  const { results } = await bench.run([bench.tool('find'), bench.tool('use')], calls)
  expect(results.map(({ result }) => result)).toEqual(['first', 'first', 'second', 'second'])
})

test('arguments that take what is not there are told so', async () => {
  const bench = createToolBench()
  const calls = [
    call('work', { fails: 'broken' }, { id: 'bad' }),
    call('work', { value: { $result: 'bad' } }),
    call('work', { value: { $result: 'nobody' } }),
    call('work', { value: { $result: 'call-2' } }),
  ]
  const { results } = await bench.run([bench.tool('work')], calls)
  expect(results.slice(1).map(({ result }) => result)).toEqual([
    { error: { code: 'tool.missing_result', message: 'the arguments take the result of bad (work), which failed' } },
    { error: { code: 'tool.missing_result', message: 'there is no call nobody to take a result of' } },
    { error: { code: 'tool.missing_result', message: 'the arguments take the result of call-2 (work), which failed' } },
  ])
  const alone = await bench.run([bench.tool('work')], [call('work', { value: { $result: 'work' } })])
  expect(alone.results).toMatchObject([{ isError: true, result: { error: { code: 'tool.missing_result' } } }])
})

test('calls that wait for each other are told so, and nobody hangs', async () => {
  const bench = createToolBench()
  const calls = [
    call('a', { value: { $result: 'y' } }, { id: 'x' }),
    call('a', { value: { $result: 'x' } }, { id: 'y' }),
    call('a', { value: { $result: 'self' } }, { id: 'self' }),
    call('a', {}, { id: 'behind', after: ['x', 'free'] }),
    call('a', { value: 7 }, { id: 'free' }),
    call('b', { value: { $result: 'c' } }),
    call('c', {}),
  ]
  const tools = [bench.tool('a'), bench.tool('b'), bench.tool('c', { after: ['b'] })]
  const { results } = await bench.run(tools, calls)
  const codes = results.map(({ result }) => (result as { error?: { code: string } } | null)?.error?.code)
  const cyclic = 'tool.cyclic_order'
  expect(codes).toEqual([cyclic, cyclic, cyclic, undefined, undefined, cyclic, cyclic])
})

test('two calls of one id are a mistake of the caller', async () => {
  const bench = createToolBench()
  const calls = [call('a', {}, { id: 'x' }), call('a', {}, { id: 'x' })]
  await expect(bench.run([bench.tool('a')], calls)).rejects.toThrow('two calls of one turn have the id x')
})

test('no calls are no work', async () => {
  const bench = createToolBench()
  expect(await bench.run([], [])).toMatchObject({ results: [], report: { calls: 0 } })
})

test('identical reads are one call, in whatever order the model writes what the schema knows', async () => {
  const bench = createToolBench()
  const input = z.object({ ms: z.number(), value: z.number() })
  const calls = [call('a', { ms: 5, value: 1 }), call('a', { value: 1, ms: 5 }), call('a', { ms: 5, value: 2 })]
  const { results, report } = await bench.run([bench.tool('a', { input })], calls)
  expect(results.map(({ callId, result }) => [callId, result])).toEqual([
    ['call-1', 1],
    ['call-2', 1],
    ['call-3', 2],
  ])
  expect(bench.trace.filter((line) => line === 'a+')).toHaveLength(2)
  expect(report).toMatchObject({ coalesced: 1, speedUp: 3, busyMs: 10 })
})

test('an identical read that comes later gets what is known', async () => {
  const bench = createToolBench()
  const { report } = await bench.run([bench.tool('a')], [call('a', { ms: 5 }), call('a', { ms: 5 })], {
    maxParallel: 1,
  })
  expect(bench.trace).toEqual(['a+', 'a-'])
  expect(report).toMatchObject({ coalesced: 1, wallMs: 5 })
})

test('arguments that cannot be compared are never the same', async () => {
  const bench = createToolBench()
  const odd = defineTool({
    name: 'odd',
    description: '',
    effect: 'read',
    input: z.string().transform((text) => BigInt(text)),
    run: (value) => Number(value),
  })
  const { results, report } = await bench.run([odd], [call('odd', '1'), call('odd', '1')])
  expect(results.map(({ result }) => result)).toEqual([1, 1])
  expect(report.coalesced).toBe(0)
})

test('a call with effects is made as often as it is asked for, unless its tool says otherwise', async () => {
  const bench = createToolBench()
  const tools = [
    bench.tool('put', { effect: 'idempotent' }),
    bench.tool('touch', { effect: 'idempotent', coalesce: true }),
    bench.tool('look', { coalesce: false }),
  ]
  await bench.run(tools, [call('put'), call('put'), call('touch'), call('touch'), call('look'), call('look')])
  expect(bench.trace.filter((line) => line.endsWith('+'))).toEqual(['put+', 'put+', 'touch+', 'look+', 'look+'])
})

test('a read behind a write does not get what was read before it', async () => {
  const bench = createToolBench()
  const calls = [
    call('read', {}, { id: 'before' }),
    call('write', { ms: 5 }, { id: 'write' }),
    call('read', {}, { id: 'late', after: ['write'] }),
    call('read', {}, { id: 'later', after: ['late'] }),
    call('read', {}, { id: 'twin', after: ['write'] }),
  ]
  const { report } = await bench.run([bench.tool('read'), bench.tool('write', { effect: 'idempotent' })], calls)
  expect(bench.trace).toEqual(['read+', 'read-', 'write+', 'write-', 'read+', 'read-', 'read+', 'read-'])
  expect(report.coalesced).toBe(1)
})

test('a read behind all calls of a writing tool is made anew', async () => {
  const bench = createToolBench()
  const tools = [bench.tool('read'), bench.tool('write'), bench.tool('check', { after: ['write'] })]
  const check = call('check', { value: 1 })
  const { report } = await bench.run(tools, [check, call('write', { ms: 5 }), check, check])
  expect(report.coalesced).toBe(2)
  expect(bench.trace).toEqual(['write+', 'write-', 'check+', 'check-'])
})

test('identical calls fail together', async () => {
  const bench = createToolBench()
  const calls = [call('a', { ms: 1, fails: 'no' }), call('a', { ms: 1, fails: 'no' })]
  const { results } = await bench.run([bench.tool('a')], calls)
  const result = { error: { code: 'tool.failed', message: 'no' } }
  expect(results).toMatchObject([
    { callId: 'call-1', result },
    { callId: 'call-2', result, isError: true },
  ])
})

test('a call behind an identical one that failed is made again', async () => {
  const bench = createToolBench()
  await bench.run([bench.tool('a')], [call('a', { fails: 'no' }), call('a', { fails: 'no' })], { maxParallel: 1 })
  expect(bench.trace.filter((line) => line === 'a+')).toHaveLength(2)
})

test('a tool is called no more often at a time than it says, and holds up nobody else', async () => {
  const bench = createToolBench()
  const slow = Array.from({ length: 5 }, (_, place) => call('slow', { ms: 10, value: place }))
  const fast = Array.from({ length: 5 }, (_, place) => call('fast', { ms: 10, value: place }))
  const tools = [bench.tool('slow', { concurrency: 2 }), bench.tool('fast')]
  const { report } = await bench.run(tools, [...slow, ...fast])
  expect(bench.most.get('slow')).toBe(2)
  expect(bench.most.get('fast')).toBe(5)
  expect(report.wallMs).toBe(30)
  expect(report.tools['slow']).toMatchObject({ utilisation: 0.83 })
})

test('pools of a turn are never overdrawn, and what needs too much is told so', async () => {
  const bench = createToolBench()
  const tools = [
    bench.tool('big', { pools: { gpu: 2 } }),
    bench.tool('small', { pools: { gpu: 1 } }),
    bench.tool('huge', { pools: { gpu: 4 } }),
  ]
  const calls = [
    call('big', { ms: 10, value: 1 }),
    call('big', { ms: 10, value: 2 }),
    call('small', { ms: 10 }),
    call('huge'),
  ]
  const { results, report } = await bench.run(tools, calls, { pools: { gpu: 3 } })
  expect(bench.trace).toEqual(['big+', 'small+', 'big-', 'big+', 'small-', 'big-'])
  expect(report.wallMs).toBe(20)
  expect(results[3]).toMatchObject({
    result: { error: { code: 'tool.impossible', message: 'huge needs 4 of the pool gpu, which has 3' } },
  })
})

test('the highest priority goes first, of the call before that of the tool', async () => {
  const bench = createToolBench()
  const tools = [bench.tool('low'), bench.tool('high', { priority: 5 })]
  const calls = [call('low'), call('high', { ms: 1 }), call('low', { value: 9 }, { priority: 9 })]
  await bench.run(tools, calls, { maxParallel: 1 })
  expect(bench.trace.filter((line) => line.endsWith('+'))).toEqual(['low+', 'high+', 'low+'])
})

test('a turn that takes time tells the stream how it went; others have nothing to tell', async () => {
  const bench = createToolBench()
  await bench.run([bench.tool('a')], [call('a', { ms: 10, value: 1 }), call('a', { ms: 5, fails: 'no' })])
  expect(bench.reports).toMatchObject([
    {
      message: '2 tool calls in 10 ms, 1.5 times as fast as one by one, 1 failed',
      details: { tools: { calls: 2, failed: 1, parallelism: 1.5, criticalPathMs: 10 } },
    },
  ])
  await bench.run([bench.tool('a')], [call('a', { value: 1 }), call('a', { value: 2 })])
  await bench.run([bench.tool('a')], [call('a', { ms: 9 })])
  expect(bench.reports).toHaveLength(1)
})

test('a single call has a report as well', async () => {
  const bench = createToolBench()
  const one = await bench.run([bench.tool('a')], [call('a', { ms: 9 })])
  expect(one.report).toMatchObject({ calls: 1, wallMs: 9, failed: 0, criticalPath: { callIds: ['call-1'] } })
  const wrong = await bench.run([bench.tool('a')], [call('b')])
  expect(wrong.report).toMatchObject({ calls: 1, failed: 1, busyMs: 0 })
})

test('odd arguments are the business of the tool and its schema', async () => {
  const bench = createToolBench()
  const round: Record<string, unknown> = {}
  round['self'] = round
  const strict = defineTool({
    name: 'strict',
    description: '',
    effect: 'read',
    input: z.object({ text: z.string().max(1_000) }),
    run: ({ text }) => text.length,
  })
  const calls = [
    call('a', round as never),
    call('a', round as never),
    call('strict', { text: 'x'.repeat(2 ** 20) }),
    call('strict', { text: 'x' }),
  ]
  const { results } = await bench.run([bench.tool('a'), strict], calls)
  const codes = results.map(({ result }) => (result as { error?: { code: string } } | null)?.error?.code ?? result)
  // The tool does not look at what it cannot print.
  expect(codes).toEqual([null, null, 'tool.invalid_arguments', 1])
})

test('an aborted turn rejects with the reason', async () => {
  const bench = createToolBench()
  const abort = new AbortController()
  bench.machine.scheduler.after(5, () => abort.abort(new MeepoError('run.cancelled', 'enough')))
  const calls = [call('a', { ms: 10 }), call('a', { ms: 10, value: 2 })]
  await expect(bench.run([bench.tool('a')], calls, { signal: abort.signal })).rejects.toThrow('enough')
  await expect(bench.run([bench.tool('a')], [call('a')], { signal: abort.signal })).rejects.toThrow('enough')
})
