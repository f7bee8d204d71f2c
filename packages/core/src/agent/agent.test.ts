import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import { noUsage } from '../base/usage.ts'
import type { ModelCall, ModelRequest } from '../model/model.ts'
import { noRetry } from '../run/retry.ts'
import { directRun, runDirect } from '../testing/direct-context.ts'
import { createScriptedModel } from '../testing/scripted-model.ts'
import { defineTool } from '../tool/tool.ts'
import { defineAgent } from './agent.ts'

const add = defineTool({
  name: 'add',
  description: 'Adds two numbers.',
  input: z.object({ a: z.number(), b: z.number() }),
  effect: 'read',
  run: ({ a, b }) => a + b,
})
const sum = { name: 'add', arguments: { a: 1, b: 2 } }
const total = z.object({ total: z.number() })

test('an agent without tools answers with the text of the model', async () => {
  const model = createScriptedModel(['Hello, Ada.'])
  const agent = defineAgent({ name: 'greeter', instructions: 'Greet.', model })
  expect(await runDirect(agent, 'Ada')).toBe('Hello, Ada.')
  expect(model.requests).toEqual([
    {
      messages: [
        { role: 'system', text: 'Greet.' },
        { role: 'user', text: 'Ada' },
      ],
    },
  ])
})

test('results of tools go back to the model until it answers', async () => {
  const model = createScriptedModel([{ text: 'I add.', toolCalls: [sum, { ...sum, id: 'second' }] }, '3'])
  const run = directRun()
  const agent = defineAgent({ name: 'adder', instructions: 'Add.', model, tools: [add] })
  expect(await runDirect(agent, '1 + 2', run)).toBe('3')
  model.assertUsed()
  expect(run.steps.map((step) => step.name)).toEqual(['model', 'tool:add', 'model'])
  expect(run.steps[2]?.options).toMatchObject({
    effect: 'idempotent',
    isPaid: true,
    meta: { kind: 'model', model: 'scripted:model', turn: 2, maxTurns: 20 },
  })
  expect(run.usage()).toMatchObject({ input: 20, output: 10, calls: 2 })
  expect(model.requests[1]).toMatchObject({
    tools: [{ name: 'add', description: 'Adds two numbers.' }],
    messages: [
      { role: 'system' },
      { role: 'user' },
      { role: 'assistant', text: 'I add.', toolCalls: [{ id: 'call-1-1' }, { id: 'second' }] },
      { role: 'tool', callId: 'call-1-1', tool: 'add', result: 3 },
      { role: 'tool', callId: 'second', tool: 'add', result: 3 },
    ],
  })
})

test('settings and the output schema reach the model, text reaches whoever watches', async () => {
  const model = createScriptedModel(['{"total":3}'])
  const shown: string[] = []
  const settings = { temperature: 0, maxOutputTokens: 100 }
  const agent = defineAgent({ name: 'adder', instructions: 'Add.', model, settings, output: total })
  expect(await runDirect(agent, '1 + 2', directRun({ preview: (text) => shown.push(text) }))).toEqual({ total: 3 })
  expect(model.requests[0]).toMatchObject({ settings, outputSchema: { type: 'object', required: ['total'] } })
  expect(shown.join('')).toBe('{"total":3}')
})

test('a model is resolved by name inside the step', async () => {
  const model = createScriptedModel(['hi'])
  const agent = defineAgent({ name: 'named', instructions: '', model: 'fast' })
  const names: string[] = []
  const run = directRun({ models: { resolve: (name) => (names.push(name), model) } })
  expect(await runDirect(agent, 'x', run)).toBe('hi')
  expect(names).toEqual(['fast'])
  expect(run.steps[0]?.options.meta).toMatchObject({ model: 'fast' })
})

test('structured input becomes JSON, or what prompt makes of it', async () => {
  const model = createScriptedModel(['a', 'b'])
  const options = { name: 'reader', instructions: '', model, input: z.object({ id: z.number() }) }
  await runDirect(defineAgent(options), { id: 1 })
  await runDirect(defineAgent({ ...options, prompt: ({ id }) => `number ${id}` }), { id: 2 })
  expect(model.requests.map((request) => request.messages[1])).toEqual([
    { role: 'user', text: '{"id":1}' },
    { role: 'user', text: 'number 2' },
  ])
})

test('an answer that does not match is sent back with its problems', async () => {
  const model = createScriptedModel(['three', '{"total":"3"}', '```json\n{"total":3}\n```'])
  const agent = defineAgent({ name: 'adder', instructions: '', model, output: total })
  expect(await runDirect(agent, '1 + 2')).toEqual({ total: 3 })
  const last = model.requests[2]?.messages
  expect(last?.[3]).toMatchObject({ role: 'user', text: expect.stringContaining('the answer is not JSON') })
  expect(last?.[5]).toMatchObject({ role: 'user', text: expect.stringContaining('total: Invalid input') })
})

test('an answer that no log could hold is sent back', async () => {
  const model = createScriptedModel([`${'['.repeat(1_000)}${']'.repeat(1_000)}`, '{"total":1e999}', '{"total":3}'])
  const agent = defineAgent({ name: 'adder', instructions: '', model, output: total })
  expect(await runDirect(agent, '1 + 2')).toEqual({ total: 3 })
  const last = model.requests[2]?.messages
  expect(last?.[3]).toMatchObject({
    text: expect.stringContaining('the answer is not JSON: the value is or holds a cycle, or nested too deeply'),
  })
  expect(last?.[5]).toMatchObject({ text: expect.stringContaining('Infinity') })
})

test('an answer that never matches fails after two repairs', async () => {
  const model = createScriptedModel(['1', '2', '3'])
  const agent = defineAgent({ name: 'adder', instructions: '', model, output: total })
  await expect(runDirect(agent, '1 + 2')).rejects.toMatchObject({ code: 'agent.invalid_output' })
  model.assertUsed()
})

test('an error of the output schema itself is not sent to the model', async () => {
  const model = createScriptedModel(['{"total":3}'])
  const output = total.refine(() => {
    throw new RangeError('broken schema')
  })
  const agent = defineAgent({ name: 'adder', instructions: '', model, output })
  await expect(runDirect(agent, '1 + 2')).rejects.toThrow('broken schema')
})

test('an answer cut off at the token limit is an error, unless its JSON is whole', async () => {
  const cut = { finish: 'length', usage: { output: 7, reasoning: 2 } } as const
  const text = defineAgent({ name: 'text', instructions: '', model: createScriptedModel([{ ...cut, text: 'To be' }]) })
  await expect(runDirect(text, 'x')).rejects.toMatchObject({ code: 'agent.truncated', details: { outputTokens: 9 } })
  const model = createScriptedModel([
    { ...cut, text: '{"total":3' },
    { ...cut, text: '{"total":3}' },
  ])
  const json = defineAgent({ name: 'json', instructions: '', model, output: total })
  await expect(runDirect(json, 'x')).rejects.toMatchObject({ code: 'agent.truncated' })
  expect(await runDirect(json, 'x')).toEqual({ total: 3 })
})

test('a filtered answer is an error', async () => {
  const model = createScriptedModel([{ text: 'I', finish: 'content-filter' }])
  const agent = defineAgent({ name: 'text', instructions: '', model })
  await expect(runDirect(agent, 'x')).rejects.toMatchObject({ code: 'model.content_filter' })
})

test('an agent ends at its turn limit, and a limit of the run replaces it', async () => {
  const model = createScriptedModel(() => ({ toolCalls: [sum] }))
  const agent = defineAgent({ name: 'endless', instructions: '', model, tools: [add], maxTurns: 3 })
  expect(agent.limits).toEqual({ maxTurns: 3 })
  await expect(runDirect(agent, 'x')).rejects.toMatchObject({ code: 'agent.turn_limit', details: { turns: 3 } })
  const run = directRun({ limits: { maxTurns: 5 } })
  await expect(runDirect(agent, 'x', run)).rejects.toMatchObject({ details: { turns: 5 } })
  expect(run.steps.filter((step) => step.name === 'model')).toHaveLength(5)
})

test('an error of the model ends the run', async () => {
  const model = createScriptedModel([{ error: new MeepoError('model.unauthorized', 'no key') }])
  const agent = defineAgent({ name: 'text', instructions: '', model })
  await expect(runDirect(agent, 'x')).rejects.toMatchObject({ code: 'model.unauthorized' })
})

test('a repeated call id is made unique, so that results stay apart', async () => {
  const model = createScriptedModel([
    {
      toolCalls: [
        { ...sum, id: 'call_0' },
        { ...sum, id: '' },
      ],
    },
    { toolCalls: [{ ...sum, id: 'call_0' }] },
    'done',
  ])
  await runDirect(defineAgent({ name: 'adder', instructions: '', model, tools: [add] }), 'x')
  const answered = model.requests[2]?.messages.filter((message) => message.role === 'tool')
  expect(answered?.map((message) => message.callId)).toEqual(['call_0', '_1', 'call_0_2'])
})

test.each([0, -1, 1.5, Number.NaN])('a turn limit of %s is refused', (maxTurns) => {
  const model = createScriptedModel([])
  expect(() => defineAgent({ name: 'a', instructions: '', model, maxTurns })).toThrow(/whole number above 0/)
})

test('an agent can be asked what it is made of', () => {
  const model = createScriptedModel([])
  const agent = defineAgent({ name: 'a', description: 'Adds.', instructions: 'Add.', model, tools: [add] })
  expect(agent).toMatchObject({ name: 'a', version: '1', description: 'Adds.', maxTurns: 20, tools: [add], model })
})

test('a model that keeps books is asked at once, knows who pays, and repeats its calls itself', async () => {
  const calls: unknown[] = []
  const model = {
    id: 'books:model',
    keepsBooks: true as const,
    call: async (request: ModelRequest, call: ModelCall) => {
      const { account, priority, deadlineAt, earlierTries } = call
      calls.push([account?.scopes.at(-1), priority, deadlineAt, earlierTries, request.routing])
      return { text: 'done', toolCalls: [], finish: 'stop' as const, usage: noUsage, model: 'm' }
    },
  }
  const agent = defineAgent({ name: 'a', instructions: 'Do.', model: 'short', retry: { ...noRetry, maxAttempts: 2 } })
  const run = directRun({ models: { resolve: () => model } })
  await runDirect(agent, 'go', run)
  expect(calls).toEqual([['run:r1', 0, undefined, 0, { maxRetries: 1 }]])
  const [step] = run.steps
  expect(step?.options).toMatchObject({
    announcesCalls: true,
    retry: { maxAttempts: 2, codes: ['model.interrupted', 'store.failed'] },
  })
  const plain = directRun()
  await runDirect(defineAgent({ name: 'b', instructions: 'Do.', model, routing: { cacheMs: 5 } }), 'go', plain)
  expect(calls[1]).toEqual(['run:r1', 0, undefined, 0, { cacheMs: 5 }])
  expect(plain.steps[0]?.options.retry).toMatchObject({ maxAttempts: 3 })
})

test('an agent may cost a dollar where nobody says otherwise', () => {
  const budget = (given?: string) => {
    const { limits, fallbackLimits } = defineAgent({
      name: 'a',
      instructions: '',
      model: 'm',
      ...(given ? { budget: given } : {}),
    })
    return [limits?.picoDollars, fallbackLimits?.picoDollars]
  }
  expect(budget()).toEqual([undefined, '1000000000000'])
  expect(budget('$0.25')).toEqual(['250000000000', '1000000000000'])
})
