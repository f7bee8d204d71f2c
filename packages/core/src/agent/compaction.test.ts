import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import type { Message, ModelRequest } from '../model/model.ts'
import { directRun, runDirect } from '../testing/direct-context.ts'
import { createScriptedModel, type ScriptedModel, type ScriptedTurn } from '../testing/scripted-model.ts'
import { defineTool } from '../tool/tool.ts'
import { defineAgent } from './agent.ts'
import {
  conversationSize,
  cutForSummary,
  tailStart,
  transcript,
  trimResults,
  type CompactionRule,
} from './compaction.ts'
import { validateConversation } from './conversation.ts'

const write = defineTool({
  name: 'write',
  description: 'Writes a text of a length.',
  input: z.number(),
  effect: 'read',
  run: (length) => 'x'.repeat(length),
})

function systemOf([first]: readonly Message[]): string {
  return first?.role === 'system' ? first.text : ''
}

/** A model that counts about as a real one does, and asks for results of a length until its turns are used up. */
function counting(turns: number, length: number, window?: number): ScriptedModel {
  const model = createScriptedModel(({ messages }, index): ScriptedTurn => {
    expect(validateConversation(messages)).toEqual([])
    const usage = { input: Math.ceil(conversationSize(messages) / 3), output: 10 }
    if (systemOf(messages).startsWith('Sum up')) return { text: `summary ${index}`, usage }
    return index < turns
      ? { toolCalls: [{ name: 'write', arguments: length + index, id: 'c' }], usage }
      : { text: 'done', usage }
  })
  if (window === undefined) return model
  const call: ScriptedModel['call'] = async (request, of) => ({
    ...(await model.call(request, of)),
    contextTokens: window,
  })
  return { ...model, call }
}

function agentOf(model: ScriptedModel, compaction?: CompactionRule | false) {
  return defineAgent({
    name: 'a',
    instructions: 'Write.',
    model,
    tools: [write],
    maxTurns: 1_000,
    ...(compaction === undefined ? {} : { compaction }),
  })
}

const sizes = (requests: readonly ModelRequest[]): number[] =>
  requests.map(({ messages }) => conversationSize(messages))

test('results go first, oldest first, as soon as the window is four fifths full, down to one half', async () => {
  const model = counting(20, 2_000, 8_000)
  const run = directRun()
  await runDirect(agentOf(model), 'begin', run)
  // 8,000 tokens of three characters, and the answer that came since the last count.
  expect(Math.max(...sizes(model.requests))).toBeLessThan(8_000 * 3)
  expect(run.steps.every(({ name }) => name !== 'compact')).toBe(true)
  const last = model.requests.at(-1)?.messages ?? []
  expect(last.slice(0, 2)).toEqual([
    { role: 'system', text: 'Write.' },
    { role: 'user', text: 'begin' },
  ])
  expect(last).toHaveLength(2 + 20 * 2)
  const results = last.filter(({ role }) => role === 'tool')
  expect(results[0]).toMatchObject({ result: '[removed to save room: 2000 characters]' })
  expect(results.at(-1)).toMatchObject({ result: expect.stringMatching(/^x{2019}$/) })
  expect(run.reports[0]).toMatchObject({
    message: 'the conversation was made smaller',
    details: { compaction: { isSummed: false } },
  })
})

test('when there are no results to remove, a model sums up the older turns, in a step of its own', async () => {
  const model = counting(60, 100, 2_000)
  const run = directRun()
  await runDirect(agentOf(model), 'begin', run)
  const steps = run.steps.filter(({ name }) => name === 'compact')
  expect(steps.length).toBeGreaterThan(0)
  expect(steps[0]?.options).toMatchObject({
    isPaid: true,
    effect: 'idempotent',
    meta: { kind: 'task', task: 'compact' },
  })
  expect(Math.max(...sizes(model.requests))).toBeLessThan(2_000 * 3)
  const last = model.requests.at(-1)?.messages ?? []
  expect(last[0]).toEqual({ role: 'system', text: 'Write.' })
  expect(last[1]).toMatchObject({ role: 'user', isNote: true, text: expect.stringContaining('summary') })
  expect(last[2]).toEqual({ role: 'user', text: 'begin' })
  expect(last.filter((said) => said.role === 'user' && said.isNote)).toHaveLength(1)
})

test('ids of calls that were summed up are never given again', async () => {
  const ids = new Set<string>()
  const model = counting(60, 100, 2_000)
  const watched: ScriptedModel = {
    ...model,
    call: (request, call) => {
      for (const message of request.messages) if (message.role === 'tool') ids.add(message.callId)
      return model.call(request, call)
    },
  }
  await runDirect(agentOf(watched), 'begin')
  // Every call said it was `c`.
  const turns = model.requests.filter(({ messages }) => systemOf(messages) === 'Write.').length - 1
  expect(ids.size).toBe(turns)
})

test('a summary may be made by another model, with other words', async () => {
  const other = createScriptedModel(() => 'in short')
  const model = counting(40, 100, 2_000)
  await runDirect(agentOf(model, { summarise: { model: other, instructions: 'Shorten.' } }), 'begin')
  expect(other.requests[0]?.messages).toMatchObject([
    { role: 'system', text: 'Shorten.' },
    { role: 'user', text: expect.stringMatching(/^Assistant calls write: 100\nResult of write: xxx/) },
  ])
  expect(model.requests.every(({ messages }) => systemOf(messages) === 'Write.')).toBe(true)
})

test.each<[string, CompactionRule | false]>([
  ['nothing may be summed up', { summarise: false }],
  ['nothing may be done', false],
])('a conversation that cannot be made smaller is refused, or left to the model: %s', async (_case, compaction) => {
  const ended = runDirect(agentOf(counting(200, 100, 2_000), compaction), 'begin')
  if (compaction === false) expect(await ended).toBe('done')
  else await expect(ended).rejects.toMatchObject({ code: 'agent.context_full' })
})

test('a summary of nothing is refused', async () => {
  const summarise = { model: createScriptedModel(() => ' ') }
  await expect(runDirect(agentOf(counting(60, 100, 2_000), { summarise }), 'begin')).rejects.toMatchObject({
    code: 'agent.context_full',
  })
})

test('a smaller window may be asked for than the model has', async () => {
  const model = counting(20, 2_000, 1_000_000)
  await runDirect(agentOf(model, { windowTokens: 4_000 }), 'begin')
  expect(Math.max(...sizes(model.requests))).toBeLessThan(4_000 * 3)
})

test('when the newest results alone are too much, they go as well', async () => {
  const model = createScriptedModel((_request, index) =>
    index === 0 ? { toolCalls: Array.from({ length: 5 }, () => ({ name: 'write', arguments: 5_000 })) } : 'done',
  )
  expect(await runDirect(agentOf(model, { windowTokens: 4_000 }), 'begin')).toBe('done')
  const results = model.requests[1]?.messages.filter(({ role }) => role === 'tool') ?? []
  expect(results).toHaveLength(5)
  expect(conversationSize(results)).toBeLessThan(15_000)
})

test('a model that finds the conversation too long is asked again with less of it', async () => {
  let refusals = 0
  const model = createScriptedModel(({ messages }, index): ScriptedTurn => {
    if (systemOf(messages).startsWith('Sum up')) return 'summary'
    if (conversationSize(messages) > 20_000) {
      refusals++
      return { error: new MeepoError('model.context_length', 'too long') }
    }
    return index < 20 ? { toolCalls: [{ name: 'write', arguments: 3_000 + index }] } : 'done'
  })
  expect(await runDirect(agentOf(model), 'begin')).toBe('done')
  expect(refusals).toBeGreaterThan(0)
})

test('a model that finds even the question too long fails the run with its own words', async () => {
  const model = createScriptedModel(() => ({ error: new MeepoError('model.context_length', 'too long') }))
  await expect(runDirect(agentOf(model), 'x'.repeat(10_000))).rejects.toMatchObject({ code: 'model.context_length' })
  expect(model.requests).toHaveLength(1)
})

test('how full the window is, and who forgot what, is known in the next segment', async () => {
  const model = counting(450, 400, 6_000)
  const run = directRun()
  await runDirect(agentOf(model), 'begin', run)
  expect(run.continuations.length).toBeGreaterThan(1)
  expect(run.continuations[0]).toMatchObject({ $continued: { isForgetful: true, fill: { window: 6_000 } } })
  expect(Math.max(...sizes(model.requests))).toBeLessThan(6_000 * 3)
})

const talk: readonly Message[] = [
  { role: 'system', text: 's' },
  { role: 'user', text: 'first' },
  { role: 'assistant', text: '', toolCalls: [{ id: '1', name: 't', arguments: { a: 1 } }] },
  { role: 'tool', callId: '1', tool: 't', result: { long: 'y'.repeat(5_000) } },
  { role: 'user', text: 'second' },
  { role: 'user', text: 'note', isNote: true },
  { role: 'assistant', text: 'said', toolCalls: [{ id: '2', name: 't', arguments: null }] },
  { role: 'tool', callId: '2', tool: 't', result: 'no', isError: true },
]

test('what a person said last stays, wherever it stands', () => {
  expect(cutForSummary(talk, 1)).toEqual({
    head: [talk[0]],
    old: [talk[1], talk[2], talk[3], talk[5]],
    tail: [talk[4], talk[6], talk[7]],
  })
  expect(cutForSummary(talk, 5)).toBeUndefined()
  expect(cutForSummary([], 1)).toBeUndefined()
  expect([tailStart(talk, 0), tailStart(talk, 1), tailStart(talk, 2), tailStart(talk, 3)]).toEqual([8, 6, 2, 1])
})

test('whoever sums up reads who said what, without the oldest when that is too much', () => {
  const text = transcript(talk, 100_000)
  expect(text.split('\n').filter((line) => line !== '')).toEqual([
    'User: first',
    'Assistant calls t: {"a":1}',
    expect.stringMatching(/^Result of t: \{"long":"y+ \[… 1011 more\]$/),
    'User: second',
    'Note: note',
    'Assistant: said',
    'Assistant calls t: null',
    'Failure of t: no',
  ])
  expect(transcript(talk, 60)).toBe(
    'Note: note\nAssistant: said\nAssistant calls t: null\nFailure of t: no'.split('\n').slice(1).join('\n'),
  )
})

test('short results and what is new enough stay', () => {
  expect(trimResults(talk, 0, 1)).toMatchObject({ removed: 1 })
  expect(trimResults(talk, 0, 3)).toMatchObject({ removed: 0 })
  expect(trimResults(talk, 1e9, 0).messages).toEqual(talk)
})
