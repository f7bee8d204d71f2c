import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBookingModel, createMemoryStore, createScriptedModel } from '@meepo/core/testing'
import { string } from 'zod'
import { afterEach, expect, test } from 'vitest'
import { createMeepo, define, defineAgent, defineConfig, handlerSink } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'meepo-umbrella-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const shout = define({
  name: 'shout',
  input: string(),
  run: (ctx, input) => ctx.step('shout', { effect: 'read' }, async () => input.toUpperCase()),
})
const impatient = define({
  name: 'impatient',
  input: string(),
  run: async (ctx) => ctx.signalled('never', { timeoutMs: 0 }),
})

test('a run is durable in the file that the store option names', async () => {
  const store = join(folder, 'deep/runs.db')
  const first = await createMeepo({ store })
  const record = await first.run(shout, 'hello')
  await first.stop()

  const second = await createMeepo({ store })
  const kept = await second.engine.handle(record.runId).record()
  await second.stop()

  expect(record).toMatchObject({ success: true, status: 'completed', result: 'HELLO' })
  expect(kept).toEqual(record)
})

test('a failed run is a record, not an exception', async () => {
  const meepo = await createMeepo({ store: 'memory' })
  const record = await meepo.run(impatient, 'now')
  await meepo.stop()
  expect(record).toMatchObject({ success: false, status: 'failed', error: { code: 'signal.timeout' } })
})

test('a stream watches text from the first call of the model on', async () => {
  const model = createScriptedModel(['a long answer'])
  const agent = defineAgent({ name: 'talker', instructions: 'Talk.', model })
  const meepo = await createMeepo({ store: 'memory' })
  const types: string[] = []
  for await (const event of meepo.stream(agent, 'go')) types.push(event.type)
  await meepo.stop()
  expect(types.at(-1)).toBe('final')
  expect(types).toContain('text')
})

test('a definition that was given is known by name', async () => {
  const meepo = await createMeepo({ store: 'memory', definitions: [shout] })
  const record = await meepo.run('shout', 'x')
  await meepo.stop()
  expect(record.result).toBe('X')
})

test('waiting can be ended without ending the run', async () => {
  const patient = define({ name: 'patient', input: string(), run: (ctx) => ctx.signalled('go') })
  const meepo = await createMeepo({ store: 'memory' })
  const signal = AbortSignal.abort()
  await expect(meepo.run(patient, '', { signal, runId: 'r1' })).rejects.toMatchObject({ code: 'task.cancelled' })
  await meepo.engine.handle('r1').signal('go', 'now')
  const record = await meepo.engine.handle('r1').result()
  await meepo.stop()
  expect(record.result).toBe('now')
})

test('a store that was given is left open for its owner', async () => {
  const store = createMemoryStore()
  const meepo = await createMeepo({ store })
  await meepo.run(shout, 'x')
  await meepo.stop()
  expect(await store.log.runs('system')).toHaveLength(1)
})

test('an alias leads to a provider of the options', async () => {
  const fetch: typeof globalThis.fetch = async () =>
    Response.json({ error: { message: 'no such model' } }, { status: 404 })
  const options = {
    providers: { local: { kind: 'openai-compatible', baseURL: 'http://127.0.0.1:9/v1' } },
    aliases: { fast: 'local:m' },
  } as const
  const meepo = await createMeepo({ store: 'memory', fetch, ...options })
  const record = await meepo.run(defineAgent({ name: 'a', instructions: 'Answer.', model: 'fast' }), 'hi')
  await meepo.stop()
  expect(record.error).toMatchObject({ code: 'model.not_found' })
})

test.each([
  ['concurrency', { concurrency: 0 }],
  ['maxConcurrentWorkflows', { maxConcurrentWorkflows: 0 }],
  ['idleMs', { idleMs: -1 }],
  ['models', { models: { resolve: () => createScriptedModel([]) }, aliases: {} }],
])('a wrong %s is refused before a store is opened', async (name, options) => {
  const creating = createMeepo({ store: join(folder, 'never.db'), ...options })
  await expect(creating).rejects.toMatchObject({ code: 'config.invalid', message: expect.stringContaining(name) })
})

test('two definitions of one name and version are refused', async () => {
  const other = define({ name: 'shout', input: string(), run: async () => 1 })
  const creating = createMeepo({ store: 'memory', definitions: [shout, other] })
  await expect(creating).rejects.toMatchObject({ code: 'definition.duplicate' })
})

test('a configuration is what was written', () => {
  const config = { definitions: [shout], concurrency: 3 }
  expect(defineConfig(config)).toBe(config)
})

test('a user who spent a budget is blocked while another goes on, and is told; costs say who spent what', async () => {
  const told: string[] = []
  const model = createBookingModel({ wants: 600_000_000_000n, costs: 600_000_000_000n })
  const agent = defineAgent({ name: 'payer', instructions: 'Pay.', model })
  const budgets = [{ name: 'daily', scope: 'user', limit: '1.00', period: 'day', thresholds: [50] }] as const
  const alerts = [handlerSink(({ id, kind }) => void (kind === 'threshold' && told.push(id)))]
  const meepo = await createMeepo({ store: 'memory', definitions: [agent as never], budgets, alerts })
  const ends: unknown[] = []
  for (const actor of ['ann', 'ann', 'bob']) {
    const { error, status } = await meepo.run(agent, 'go', { actor })
    ends.push(error?.code ?? status)
  }
  expect(ends).toEqual(['completed', 'budget.exceeded', 'completed'])
  expect([(await meepo.costs.forUser('ann')).dollars, (await meepo.costs.forAgent('payer')).dollars]).toEqual([
    0.6, 1.2,
  ])
  while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 50))
  await meepo.stop()
  expect(new Set(told).size).toBe(2)
})

test('budgets that make no sense, and two ways to limit calls, are refused', async () => {
  const store = createMemoryStore()
  const budget = { name: 'x', scope: 'user', limit: -1, period: 'day' } as const
  await expect(createMeepo({ store, budgets: [budget] })).rejects.toThrow('needs a limit')
  const limiter = {} as never
  await expect(createMeepo({ store, limits: [], limiter })).rejects.toThrow('limiter replaces limits')
})
