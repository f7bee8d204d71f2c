// A process that dies before or after any write of a turn of tools: the next one comes to the same results.

import {
  anySchema,
  asTool,
  define,
  defineTool,
  MeepoError,
  noRetry,
  runTools,
  type Definition,
  type Json,
  type Store,
  type Tool,
} from '@meepo/core'
import { createMemoryStore, createTestMachine, type TestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { dyingStore, mortalMachine, mortalStore, type Life } from './testing/mortal.ts'
import { createEmbeddedEngine, type EmbeddedEngine } from './index.ts'

/** What the tools did, over all lives of the process. */
interface World {
  /** By idempotency key: how often an effect really happened that must not happen twice. */
  readonly effects: Map<string, number>
}

function toolsOf(machine: TestMachine, world: World): readonly Tool[] {
  const later = (ms: number): Promise<void> => new Promise((resolve) => machine.scheduler.after(ms, resolve))
  const base = { description: '', input: anySchema, retry: noRetry }
  const wait = defineTool({
    ...base,
    name: 'wait',
    effect: 'read',
    concurrency: 2,
    run: (args) => later(10).then(() => args as Json),
  })
  const many = defineTool<unknown, Json>({
    ...base,
    name: 'many',
    effect: 'idempotent',
    batch: { maxSize: 2, maxWaitMs: 5, run: async (items) => items.map(({ args }) => [args as Json]) },
  })
  const pay = defineTool({
    ...base,
    name: 'pay',
    effect: 'once',
    approval: 'always',
    reconcile: async (key) =>
      world.effects.has(key) ? ({ kind: 'done', result: 'paid' } as const) : ({ kind: 'not_done' } as const),
    run: (_args, { idempotencyKey }) => {
      world.effects.set(idempotencyKey, (world.effects.get(idempotencyKey) ?? 0) + 1)
      return 'paid'
    },
  })
  const backup = defineTool({ ...base, name: 'backup', effect: 'read', run: () => 'from the backup' })
  const broken = defineTool({
    ...base,
    name: 'broken',
    effect: 'read',
    fallback: backup,
    run: () => Promise.reject(new MeepoError('tool.failed', 'broken')),
  })
  const slow = defineTool({ ...base, name: 'slow', effect: 'read', timeoutMs: 20, run: () => later(60_000) })
  const sum = asTool(
    define({
      name: 'sum',
      input: anySchema,
      run: (ctx, numbers) => ctx.step('sum', { effect: 'read' }, async () => [numbers]),
    }),
    { description: '', after: ['wait'] },
  )
  return [wait, many, pay, broken, slow, sum]
}

function flow(machine: TestMachine, world: World): Definition<unknown, unknown> {
  const tools = toolsOf(machine, world)
  const calls = [
    { id: 'a', name: 'wait', arguments: 1 },
    { id: 'b', name: 'wait', arguments: 1 },
    { id: 'c', name: 'wait', arguments: 2 },
    { id: 'd', name: 'many', arguments: { from: { $result: 'a' } } },
    { id: 'e', name: 'many', arguments: 5 },
    { id: 'f', name: 'many', arguments: 6 },
    { id: 'g', name: 'pay', arguments: 7 },
    { id: 'h', name: 'pay', arguments: 8 },
    { id: 'i', name: 'broken', arguments: null },
    { id: 'j', name: 'slow', arguments: null },
    { id: 'k', name: 'sum', arguments: { $result: 'd' } },
    { id: 'l', name: 'wait', arguments: { $result: 'j' } },
  ]
  return define({
    name: 'flow',
    input: anySchema,
    uses: tools.flatMap(({ definition }) => (definition ? [definition] : [])),
    run: async (ctx) => (await runTools(ctx, tools, calls, { maxParallel: 6 })).results,
  })
}

function open(machine: TestMachine, store: Store, life: Life, world: World): EmbeddedEngine {
  const engine = createEmbeddedEngine({
    store: mortalStore(store, life),
    machine: mortalMachine(machine, life),
    idleMs: 0,
    beatMs: 100,
    missedBeats: 3,
  })
  engine.register(flow(machine, world))
  return engine
}

/** Sends both approvals, in any order, each time under the same ids. */
async function approve(engine: EmbeddedEngine, order: readonly string[]): Promise<void> {
  for (const id of order) {
    await engine
      .handle('r')
      .signal(`approve:${id}`, { approved: id === 'g', reason: 'no' }, `mail-${id}`)
      .catch((thrown: unknown) => {
        if (!MeepoError.is(thrown) || thrown.code !== 'run.ended') throw thrown
      })
  }
}

const expected = [
  { role: 'tool', callId: 'a', tool: 'wait', result: 1 },
  { role: 'tool', callId: 'b', tool: 'wait', result: 1 },
  { role: 'tool', callId: 'c', tool: 'wait', result: 2 },
  { role: 'tool', callId: 'd', tool: 'many', result: [{ from: 1 }] },
  { role: 'tool', callId: 'e', tool: 'many', result: [5] },
  { role: 'tool', callId: 'f', tool: 'many', result: [6] },
  { role: 'tool', callId: 'g', tool: 'pay', result: 'paid' },
  { callId: 'h', isError: true, result: { error: { code: 'tool.denied' } } },
  { role: 'tool', callId: 'i', tool: 'broken', result: 'from the backup' },
  { callId: 'j', isError: true, result: { error: { code: 'step.timeout' } } },
  { role: 'tool', callId: 'k', tool: 'sum', result: [[{ from: 1 }]] },
  { callId: 'l', isError: true, result: { error: { code: 'tool.missing_result' } } },
]

async function live(at: number, isAfter: boolean): Promise<boolean> {
  const machine = createTestMachine({ startAt: 1_700_000_000_000 })
  const { scheduler } = machine
  const store = createMemoryStore({ now: () => scheduler.now() })
  const world: World = { effects: new Map() }
  const life: Life = { isDead: false }
  const first = open(machine, dyingStore(store, life, at, isAfter), life, world)
  await scheduler.until(first.begin())
  await scheduler.until(first.start('flow', null, { runId: 'r' }))
  await scheduler.advance(30)
  const second = open(machine, store, { isDead: false }, world)
  await scheduler.until(second.begin())
  const order = at % 2 === 0 ? ['g', 'h'] : ['h', 'g']
  await scheduler.until(approve(second, order))
  await scheduler.until(approve(second, order.toReversed()))
  const record = await scheduler.until(second.handle('r').result())
  expect(record.error, `${at}`).toBeUndefined()
  expect(record.result, `${at}`).toMatchObject(expected)
  expect([...world.effects.values()], `${at}`).toEqual([1])
  if (!life.isDead) await scheduler.until(first.stop())
  await scheduler.until(second.stop())
  return life.isDead
}

for (const isAfter of [false, true]) {
  test(`a turn of tools survives a death ${isAfter ? 'after' : 'before'} each write`, async () => {
    let deaths = 0
    for (let at = 1; at <= 40; at++) if (await live(at, isAfter)) deaths++
    expect(deaths).toBeGreaterThan(8)
  })
}
