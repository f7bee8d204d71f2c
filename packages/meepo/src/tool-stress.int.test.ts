// A turn as wide as a model may ask for, in which a third of the calls goes wrong, each in another way; and arguments that
// nobody should write. The model is a provider over HTTP: what is checked is what reached it.

import type { Json } from '@meepo/core'
import type { SimulatorRequest } from '@meepo/simulator'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { openStage, price, talker } from '../test-support/stage.ts'
import { wireProblems } from '../test-support/wire-history.ts'
import { defineTool, noRetry, type Tool } from './index.ts'

/** Arguments as the provider writes them, or as data. */
type Call = { readonly name: string; readonly arguments: Json }

/** Takes until it is told to stop. */
function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}

/** A text is sent as it is, everything else as JSON. */
function readResult(content: string): unknown {
  return /^[{[\d]/.test(content) && !content.endsWith('backup') ? (JSON.parse(content) as unknown) : content
}

/** An agent that makes these calls in its first turn, and what the model read of them. */
async function turnOf(tools: readonly Tool[], calls: readonly Call[]) {
  const read: { readonly id: string; readonly result: unknown }[] = []
  const problems: string[] = []
  const stage = await openStage({
    script: ({ messages }: SimulatorRequest) => {
      problems.push(...wireProblems(messages))
      const results = messages.filter(({ role }) => role === 'tool')
      const usage = { inputTokens: 1, outputTokens: 1 }
      if (results.length === 0) {
        const toolCalls = calls.map(({ name, arguments: args }, at) => ({
          id: `c${at}`,
          name,
          arguments: typeof args === 'string' ? args : JSON.stringify(args),
        }))
        return { toolCalls, usage }
      }
      read.push(
        ...results.map(({ tool_call_id: id, content }) => ({
          id: String(id),
          result: readResult(typeof content === 'string' ? content : JSON.stringify(content)),
        })),
      )
      return { text: 'done', usage }
    },
  })
  // A window that no answer fills.
  const meepo = await stage.open({ prices: { overrides: [{ ...price, contextTokens: 10_000_000 }] } })
  const agent = talker({ tools })
  const record = await meepo.run(agent, 'go')
  return { record, read, problems, meepo }
}

test('of 100 calls in one turn 10 fail, 10 time out and 10 fall back: each has one result, and the model reads which and why', async () => {
  const ran: number[] = []
  const base = {
    description: 'Works.',
    effect: 'read',
    retry: noRetry,
    input: z.object({ at: z.number() }),
  } as const
  const backup = defineTool({ ...base, name: 'backup', run: ({ at }) => `${at} from the backup` })
  const tools = [
    defineTool({ ...base, name: 'fine', run: ({ at }) => (ran.push(at), at) }),
    defineTool({ ...base, name: 'fails', run: ({ at }) => Promise.reject(new Error(`no line to ${at}`)) }),
    defineTool({ ...base, name: 'hangs', timeoutMs: 30, run: (_args, { signal }) => stopped(signal) }),
    defineTool({ ...base, name: 'falls', fallback: backup, run: () => Promise.reject(new Error('down')) }),
  ] as Tool[]
  const nameOf = (at: number): string => ['fails', 'hangs', 'falls'][at % 10] ?? 'fine'
  const calls = Array.from({ length: 100 }, (_, at) => ({ name: nameOf(at), arguments: { at } }))
  const { record, read, problems, meepo } = await turnOf(tools, calls)
  expect([record.error, record.result]).toEqual([undefined, 'done'])
  expect(problems).toEqual([])
  expect(read.map(({ id }) => id)).toEqual(calls.map((_, at) => `c${at}`))
  for (const [at, { result }] of read.entries()) {
    const name = nameOf(at)
    if (name === 'fine') expect(result).toBe(at)
    else if (name === 'falls') expect(result).toBe(`${at} from the backup`)
    else if (name === 'fails') expect(result).toEqual({ error: { code: 'tool.failed', message: `no line to ${at}` } })
    else expect(result).toMatchObject({ error: { code: 'step.timeout' } })
  }
  expect(ran.toSorted((a, b) => a - b)).toEqual(calls.flatMap(({ name }, at) => (name === 'fine' ? [at] : [])))
  // What was done is in the log, whatever became of the others.
  const events = await meepo.store.log.read('system', record.runId)
  expect(events.filter(({ type }) => type === 'step.failed')).toHaveLength(30)
})

test('100 calls at once and 10,000 in the queue of one turn: all run, none twice, on a file', async () => {
  let [open, most] = [0, 0]
  const ran = new Set<number>()
  const look = defineTool({
    name: 'look',
    description: 'Looks.',
    effect: 'read',
    coalesce: false,
    input: z.object({ at: z.number() }),
    run: async ({ at }) => {
      expect(ran.has(at)).toBe(false)
      ran.add(at)
      most = Math.max(most, ++open)
      await new Promise((resolve) => setImmediate(resolve))
      open--
      return at
    },
  }) as Tool
  const calls = Array.from({ length: 10_100 }, (_, at) => ({ name: 'look', arguments: { at } }))
  const { record, read } = await turnOf([look], calls)
  expect([record.error, record.result]).toEqual([undefined, 'done'])
  expect(read.map(({ result }) => result)).toEqual(calls.map((_, at) => at))
  expect([ran.size, most]).toEqual([10_100, 100])
})

test('arguments that nobody should write are results like others', async () => {
  const seen: number[] = []
  const take = defineTool({
    name: 'take',
    description: 'Takes anything.',
    effect: 'read',
    input: z.object({ value: z.unknown() }),
    run: ({ value }) => {
      seen.push(JSON.stringify(value).length)
      return 'taken'
    },
  }) as Tool
  const deep = (depth: number): Json => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as Json
  const calls: Call[] = [
    { name: 'take', arguments: { value: 'x'.repeat(1_000_000) } },
    { name: 'take', arguments: { value: deep(2_000) } },
    { name: 'take', arguments: { value: deep(50_000) } },
    { name: 'take', arguments: { value: '\uD800 alone' } },
    { name: 'take', arguments: JSON.parse('{"value":{"__proto__":{"a":1},"constructor":1}}') as Json },
    { name: 'take', arguments: 'no object' },
    { name: 'take', arguments: '{"value":1e999}' },
    { name: 'take', arguments: { value: { $result: 'c0' } } },
  ]
  const { record, read, problems } = await turnOf([take], calls)
  expect([record.error, record.result]).toEqual([undefined, 'done'])
  expect(problems).toEqual([])
  expect(read).toHaveLength(calls.length)
  expect(read[0]?.result).toBe('taken')
  expect(seen[0]).toBe(1_000_002)
  for (const at of [2, 5, 6]) expect(read[at]?.result).toMatchObject({ error: { code: 'tool.invalid_arguments' } })
  expect(read[7]?.result).toBe('taken')
})

test('results that nobody could keep are errors of their calls', async () => {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const base = { description: 'Gives.', effect: 'read', input: z.object({}), retry: noRetry } as const
  const tools = [
    defineTool({ ...base, name: 'circle', run: () => circle as never }),
    defineTool({ ...base, name: 'large', run: () => 'x'.repeat(9_000_000) }),
    defineTool({ ...base, name: 'number', run: () => Number.NaN }),
    defineTool({ ...base, name: 'wrong', output: z.number(), run: () => 'text' as never }),
    defineTool({ ...base, name: 'fine', run: () => 'fine' }),
  ] as Tool[]
  const { record, read } = await turnOf(
    tools,
    tools.map(({ name }) => ({ name, arguments: {} })),
  )
  expect([record.error, record.result]).toEqual([undefined, 'done'])
  const codes = read.map(
    ({ result }) => (result as { readonly error?: { readonly code: string } }).error?.code ?? result,
  )
  expect(codes).toEqual(['json.invalid', 'result.too_large', 'json.invalid', 'tool.invalid_output', 'fine'])
})
