import { expect, test } from 'vitest'
import { z } from 'zod'
import { directRun, runDirect } from '../testing/direct-context.ts'
import { createScriptedModel } from '../testing/scripted-model.ts'
import { defineTool } from '../tool/tool.ts'
import { defineAgent } from './agent.ts'
import { validateConversation } from './conversation.ts'
import { isContinued, isSegmentFull } from './segment.ts'

const write = defineTool({
  name: 'write',
  description: 'Writes a text of a length.',
  input: z.number(),
  effect: 'read',
  run: (length) => ['x'.repeat(length)],
})

test('after 200 turns an agent goes on in a new segment with all it knew', async () => {
  const model = createScriptedModel((request, index) => {
    expect(validateConversation(request.messages)).toEqual([])
    return index < 450 ? { toolCalls: [{ name: 'write', arguments: 1, id: 'again' }] } : `${request.messages.length}`
  })
  const run = directRun()
  const agent = defineAgent({
    name: 'long',
    instructions: 'Write.',
    model,
    tools: [write],
    maxTurns: 1_000,
    progress: false,
  })
  expect(await runDirect(agent, 'begin', run)).toBe(String(2 + 450 * 2))
  expect(run.continuations).toMatchObject([{ $continued: { turn: 200 } }, { $continued: { turn: 400 } }])
  expect(model.requests.at(-1)?.messages.slice(0, 2)).toEqual([
    { role: 'system', text: 'Write.' },
    { role: 'user', text: 'begin' },
  ])
  expect(run.steps.at(-1)?.options.meta).toMatchObject({ turn: 451 })
})

test('a segment is cut when its messages grow large, and the size starts again', async () => {
  const million = 1_000_000
  const model = createScriptedModel((_request, index) =>
    index < 11 ? { toolCalls: [{ name: 'write', arguments: million }] } : 'done',
  )
  const run = directRun()
  await runDirect(
    defineAgent({ name: 'large', instructions: '', model, tools: [write], progress: false }),
    'begin',
    run,
  )
  expect(run.continuations).toMatchObject([{ $continued: { turn: 5 } }, { $continued: { turn: 10 } }])
})

test('repairs are remembered across segments', async () => {
  const model = createScriptedModel((_request, index) =>
    index === 1 ? { toolCalls: [{ name: 'write', arguments: 5_000_000 }] } : 'no JSON',
  )
  const run = directRun()
  const agent = defineAgent({ name: 'a', instructions: '', model, tools: [write], output: z.object({}) })
  await expect(runDirect(agent, 'begin', run)).rejects.toMatchObject({ code: 'agent.invalid_output' })
  expect(run.continuations).toMatchObject([{ $continued: { repairs: 1 } }])
  expect(model.requests).toHaveLength(4)
})

test('a segment is full by turns, steps or bytes', () => {
  expect(isSegmentFull({ turns: 199, steps: 4_999 }, 4_000_000)).toBe(false)
  expect(isSegmentFull({ turns: 200, steps: 0 }, 0)).toBe(true)
  expect(isSegmentFull({ turns: 0, steps: 5_000 }, 0)).toBe(true)
  expect(isSegmentFull({ turns: 0, steps: 0 }, 4_194_304)).toBe(true)
})

test('an ordinary input is no state of a segment', () => {
  for (const input of ['text', null, 1, { continued: true }]) expect(isContinued(input)).toBe(false)
})
