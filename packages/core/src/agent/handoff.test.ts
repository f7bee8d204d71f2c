import { expect, test } from 'vitest'
import { z } from 'zod'
import { directRun, runDirect } from '../testing/direct-context.ts'
import { createScriptedModel, type ScriptedTurn } from '../testing/scripted-model.ts'
import { asTool } from '../tool/as-tool.ts'
import { defineTool } from '../tool/tool.ts'
import { defineAgent, type Agent } from './agent.ts'
import { validateConversation } from './conversation.ts'
import { childDefinitions } from './prepared.ts'

const look = defineTool({
  name: 'look',
  description: 'Looks.',
  input: z.object({}),
  effect: 'read',
  run: () => 'seen',
})

function transfer(to: string, args: object = {}): { readonly name: string; readonly arguments: Record<string, never> } {
  // Any object is plain JSON here.
  return { name: `transfer_to_${to}`, arguments: args as Record<string, never> }
}

test('the conversation goes on with the other agent: its instructions, tools and model, and the whole history', async () => {
  const desk = createScriptedModel([
    { text: 'Billing knows.', toolCalls: [{ name: 'look', arguments: {} }, transfer('billing', { reason: 'money' })] },
  ])
  const money = createScriptedModel([{ toolCalls: [{ name: 'pay', arguments: {} }] }, 'Paid.'])
  const pay = defineTool({ ...look, name: 'pay', run: () => 'paid' })
  const billing = defineAgent({
    name: 'billing',
    description: 'Knows about money.',
    instructions: 'Bill.',
    model: money,
    tools: [pay],
  })
  const agent = defineAgent({ name: 'desk', instructions: 'Sort.', model: desk, tools: [look], handoffs: [billing] })
  const run = directRun()
  expect(await runDirect(agent, 'my bill', run)).toBe('Paid.')
  expect(desk.requests[0]?.tools?.at(-1)).toMatchObject({
    name: 'transfer_to_billing',
    description: 'Passes the whole conversation to billing, who answers from then on. Knows about money.',
  })
  expect(money.requests[0]).toMatchObject({
    tools: [{ name: 'pay' }],
    messages: [
      { role: 'system', text: 'Bill.' },
      { role: 'user', text: 'my bill' },
      { role: 'assistant', text: 'Billing knows.' },
      { role: 'tool', tool: 'look', result: 'seen' },
      { role: 'tool', tool: 'transfer_to_billing', result: 'You are billing now. Go on with the conversation.' },
    ],
  })
  expect(run.reports).toEqual([
    {
      message: 'desk hands the conversation to billing',
      details: { handoff: { from: 'desk', to: 'billing', turn: 1 } },
    },
  ])
  // Calls are charged to who speaks.
  expect(run.steps.filter(({ name }) => name === 'model').map(({ options }) => options.meta?.agent)).toEqual([
    undefined,
    'billing',
    'billing',
  ])
  // Turns are those of the run.
  expect(run.steps.at(-1)?.options.meta).toMatchObject({ turn: 3, maxTurns: 20 })
})

test('agents that hand the conversation to and fro are held up, and one of them answers', async () => {
  const turns: string[] = []
  const script = (name: string, other: string) =>
    createScriptedModel(({ messages }): ScriptedTurn => {
      expect(validateConversation(messages)).toEqual([])
      turns.push(name)
      const last = messages.at(-1)
      return last?.role === 'tool' && last.isError ? `${name} answers` : { toolCalls: [transfer(other)] }
    })
  const one: Agent<string, string> = defineAgent({
    name: 'one',
    instructions: '1',
    model: script('one', 'two'),
    handoffs: () => [two],
    maxHandoffs: 3,
  })
  const two: Agent<string, string> = defineAgent({
    name: 'two',
    instructions: '2',
    model: script('two', 'one'),
    handoffs: () => [one],
  })
  expect(await runDirect(one, 'go')).toBe('two answers')
  expect(turns).toEqual(['one', 'two', 'one', 'two', 'two'])
})

test('of two hand-offs at once the first takes place', async () => {
  const model = createScriptedModel([{ toolCalls: [transfer('b'), transfer('c')] }])
  const b = defineAgent({ name: 'b', instructions: '', model: createScriptedModel(['b']) })
  const c = defineAgent({ name: 'c', instructions: '', model: createScriptedModel(['c']) })
  expect(await runDirect(defineAgent({ name: 'a', instructions: '', model, handoffs: [b, c] }), 'go')).toBe('b')
})

test('the arguments of a hand-off are the input of the agent, for its instructions; wrong ones are told to the model', async () => {
  const last = createScriptedModel(['done'])
  const model = createScriptedModel([
    { toolCalls: [transfer('b', { who: 1 })] },
    { toolCalls: [transfer('b', { who: 'Ada' })] },
  ])
  const b = defineAgent({
    name: 'b',
    instructions: ({ who }) => `Help ${who}.`,
    input: z.object({ who: z.string() }),
    model: last,
  })
  expect(await runDirect(defineAgent({ name: 'a', instructions: '', model, handoffs: [b] }), 'go')).toBe('done')
  expect(model.requests[1]?.messages.at(-1)).toMatchObject({
    isError: true,
    result: { error: { code: 'tool.invalid_arguments' } },
  })
  expect(last.requests[0]?.messages[0]).toEqual({ role: 'system', text: 'Help Ada.' })
})

test('whoever answers, the answer is what the first agent promised', async () => {
  const b = defineAgent({ name: 'b', instructions: '', model: createScriptedModel(['no', '{"total":1}']) })
  const model = createScriptedModel([{ toolCalls: [transfer('b')] }])
  const agent = defineAgent({
    name: 'a',
    instructions: '',
    model,
    handoffs: [b],
    output: z.object({ total: z.number() }),
  })
  expect(await runDirect(agent, 'go')).toEqual({ total: 1 })
})

test('a later segment goes on with who spoke, or with the first agent when nobody knows that one any more', async () => {
  const model = createScriptedModel((_request, index) =>
    index < 200 ? { toolCalls: [{ name: 'look', arguments: {} }] } : 'b answers',
  )
  const common = { instructions: '', tools: [look], maxTurns: 500, progress: false } as const
  const b = defineAgent({ name: 'b', ...common, model })
  const a = defineAgent({
    name: 'a',
    ...common,
    model: createScriptedModel([{ toolCalls: [transfer('b')] }, 'a answers']),
    handoffs: [b],
  })
  const run = directRun()
  expect(await runDirect(a, 'go', run)).toBe('b answers')
  expect(run.continuations).toMatchObject([{ $continued: { agent: 'b', handoffs: 1 } }])
  const alone = defineAgent({ name: 'a', ...common, model: createScriptedModel(['a answers']) })
  // The state of a segment is what a definition gets as its input.
  expect(await runDirect(alone, run.continuations[0] as unknown as string)).toBe('a answers')
})

test('an agent knows the runs that its tools start, and those of everybody it hands on to', () => {
  const helper = defineAgent({ name: 'helper', instructions: '', model: 'm' })
  const other = defineAgent({ name: 'other', instructions: '', model: 'm' })
  const fallback = defineTool({ ...look, fallback: asTool(other, { description: '' }) as unknown as typeof look })
  const b: Agent<string, string> = defineAgent({
    name: 'b',
    instructions: '',
    model: 'm',
    tools: [fallback],
    handoffs: () => [a],
  })
  const a: Agent<string, string> = defineAgent({
    name: 'a',
    instructions: '',
    model: 'm',
    tools: [asTool(helper, { description: '' })],
    handoffs: [b],
  })
  expect(a.uses).toEqual([helper, other])
  expect(childDefinitions(helper as unknown as Agent)).toEqual([])
})

test('two hand-offs of one name, and one that no model could ask for, are refused', async () => {
  const b = defineAgent({ name: 'b', instructions: '', model: 'm' })
  const twice = defineAgent({ name: 'a', instructions: '', model: 'm', handoffs: [b, b] })
  await expect(runDirect(twice, 'go')).rejects.toMatchObject({ code: 'definition.invalid' })
  const numeric = defineAgent({ name: 'n', instructions: '', model: 'm', input: z.number() })
  const agent = defineAgent({ name: 'a', instructions: '', model: 'm', handoffs: [numeric] })
  await expect(runDirect(agent, 'go')).rejects.toMatchObject({ code: 'definition.invalid' })
})
