// Turns of tools on a real engine: what the model sees, what the log and the stream tell, and how much fits.

import { anySchema, define, defineAgent, defineTool, noRetry, runTools, type Json, type StreamEvent } from '@meepo/core'
import { createMemoryStore, createScriptedModel, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './index.ts'

function setUp() {
  const machine = createTestMachine()
  const { scheduler } = machine
  const store = createMemoryStore({ now: () => scheduler.now() })
  const engine = createEmbeddedEngine({ store, machine })
  const later = (ms: number): Promise<void> => new Promise((resolve) => scheduler.after(ms, resolve))
  return { engine, later, scheduler }
}

const base = { description: '', input: anySchema, retry: noRetry, effect: 'read' } as const

test('of 100 calls 10 fail, 10 time out and 10 fall back: the model sees which, and why', async () => {
  const { engine, later, scheduler } = setUp()
  const backup = defineTool({ ...base, name: 'backup', run: (args) => ({ backup: args as Json }) })
  const work = defineTool({
    ...base,
    name: 'work',
    timeoutMs: 50,
    run: async (args) => {
      const place = args as number
      await later(place % 10 === 1 ? 60_000 : 10)
      if (place % 10 === 0) throw new Error(`no luck with ${place}`)
      return place
    },
  })
  const shaky = defineTool({ ...base, name: 'shaky', fallback: backup, run: () => Promise.reject(new Error('shaky')) })
  const toolCalls = Array.from({ length: 100 }, (_, place) => ({
    id: `c${place}`,
    name: place % 10 === 2 ? 'shaky' : 'work',
    arguments: place,
  }))
  const model = createScriptedModel([{ toolCalls }, 'done'])
  const agent = defineAgent({ name: 'busy', instructions: '', model, tools: [work, shaky] })
  const handle = await scheduler.until(engine.start(agent, 'go'))
  expect((await scheduler.until(handle.result())).result).toBe('done')
  const seen = model.requests[1]?.messages.slice(-100) ?? []
  expect(seen).toHaveLength(100)
  for (const [place, message] of seen.entries()) {
    const tool = toolCalls[place]?.name
    const told = { role: 'tool', callId: `c${place}`, tool }
    const failed = (code: string, message_: string) => ({
      ...told,
      isError: true,
      result: { error: { code, message: message_ } },
    })
    const expected: Readonly<Record<number, object>> = {
      0: failed('tool.failed', `no luck with ${place}`),
      1: failed('step.timeout', 'work ran longer than 50 ms'),
      2: { ...told, result: { backup: place } },
    }
    expect(message).toEqual(expected[place % 10] ?? { ...told, result: place })
  }
  const reports = (await Array.fromAsync(handle.events())).filter(({ type }) => type === 'progress.reported')
  expect(reports).toMatchObject([{ data: { details: { tools: { calls: 100, failed: 20, fellBack: 10 } } } }])
  await scheduler.until(engine.stop())
})

test('a hit of the cache is in the log, with what it saved', async () => {
  const { engine, later, scheduler } = setUp()
  const slow = defineTool({ ...base, name: 'slow', cacheMs: 60_000, run: (args) => later(40).then(() => args as Json) })
  const flow = define({
    name: 'flow',
    input: anySchema,
    run: async (ctx) => {
      for (const id of ['x', 'y']) await runTools(ctx, [slow], [{ id, name: 'slow', arguments: 7 }])
    },
  })
  const handle = await scheduler.until(engine.start(flow, null))
  await scheduler.until(handle.result())
  const completed = (await Array.fromAsync(handle.events())).filter(({ type }) => type === 'step.completed')
  expect(completed.map(({ data }) => data)).toMatchObject([
    { durationMs: 40 },
    { durationMs: 0, result: { value: 7 }, saved: { from: 'cache', ms: 40 } },
  ])
  expect(completed[0]?.data).not.toHaveProperty('saved')
  await scheduler.until(engine.stop())
})

test('whoever watches sees what a tool shows of its work', async () => {
  const { engine, later, scheduler } = setUp()
  const shows = defineTool({
    ...base,
    name: 'shows',
    run: async (_args, call) => {
      for (const piece of ['one ', 'two']) {
        await later(100)
        call.preview?.(piece)
      }
      await later(100)
    },
  })
  const model = createScriptedModel([{ toolCalls: [{ id: 'c', name: 'shows', arguments: null }] }, 'done'])
  const agent = defineAgent({ name: 'shower', instructions: '', model, tools: [shows] })
  const handle = await scheduler.until(engine.start(agent, 'go', { isPreviewed: true }))
  const told: StreamEvent[] = []
  const text: string[] = []
  const watch = async (): Promise<void> => {
    for await (const event of handle.toolStream()) told.push(event)
  }
  const read = async (): Promise<void> => {
    for await (const piece of handle.textStream()) text.push(piece)
  }
  await scheduler.until(Promise.all([watch(), read()]))
  expect(told.map(({ type }) => type)).toEqual(['tool.started', 'tool.output', 'tool.output', 'tool.finished'])
  expect(told.flatMap((event) => (event.type === 'tool.output' ? [event.text] : []))).toEqual(['one ', 'two'])
  expect(text.join('')).toBe('done')
  await scheduler.until(engine.stop())
})

test('10,000 calls fit into one turn, 100 at a time', async () => {
  const { engine, scheduler } = setUp()
  let open = 0
  let most = 0
  const count = defineTool({
    ...base,
    name: 'count',
    run: async (args) => {
      most = Math.max(most, ++open)
      await Promise.resolve()
      open--
      return args as Json
    },
  })
  const calls = Array.from({ length: 10_000 }, (_, place) => ({ id: `c${place}`, name: 'count', arguments: place }))
  const flow = define({
    name: 'flow',
    input: anySchema,
    run: async (ctx) => {
      const { results } = await runTools(ctx, [count], calls)
      return results.every(({ callId, result }, place) => callId === `c${place}` && result === place)
    },
  })
  const handle = await scheduler.until(engine.start(flow, null))
  expect((await scheduler.until(handle.result())).result).toBe(true)
  expect(most).toBeLessThanOrEqual(100)
  await scheduler.until(engine.stop())
})
