import { MeepoError, noUsage, type Json, type ModelCall, type ModelRequest, type ModelResponse } from '@meepo/core'
import { expect, test } from 'vitest'
import { z } from 'zod'

import { booksOf } from '../../test-support/stage-call.ts'
import { generate, type AskOptions, type AskTools } from './ask.ts'
import { schemaOfJson } from './json-schema.ts'
import { generateStructured } from './structured.ts'
import { stream } from './text-stream.ts'

interface Asked {
  readonly request: ModelRequest
  readonly call: ModelCall
}

/** Models that give these answers one after the other, each for 7 pico-dollars. */
function answering(...answers: (string | MeepoError | Partial<ModelResponse>)[]): AskTools & { asked: Asked[] } {
  const asked: Asked[] = []
  const call = async (request: ModelRequest, given: ModelCall): Promise<ModelResponse> => {
    asked.push({ request, call: given })
    const answer = answers[asked.length - 1] ?? 'no more answers'
    await given.account?.open({ id: given.attemptId, target: 'p:m', try: 1, picoDollars: 9n, atLeast: 9n })
    if (answer instanceof MeepoError) throw answer
    const response = typeof answer === 'string' ? { text: answer } : answer
    for (const piece of response.text?.split(/(?<= )/) ?? []) given.onText?.(piece)
    given.account?.settle(`${given.attemptId}.1`, {
      target: 'p:m',
      outcome: 'ok',
      cost: { status: 'settled', picoDollars: '7' },
      usage: noUsage,
      startedAt: 0,
      durationMs: 0,
      try: 1,
    })
    return { text: '', toolCalls: [], finish: 'stop', usage: noUsage, model: 'm', ...response }
  }
  let ids = 0
  return { models: { resolve: (name) => ({ id: name, call }) }, newId: () => `${(ids += 1)}`, asked }
}

test('a prompt is answered, with what it cost', async () => {
  const tools = answering('hi')
  const answer = await generate(tools, { model: 'fast', system: 'Be brief.', prompt: 'hello' })
  expect(answer).toMatchObject({
    text: 'hi',
    id: 'ask/1',
    cost: { picoDollars: '7', savedPicoDollars: '0', unpricedCalls: 0, uncertainCalls: 0 },
    calls: [{ id: 'ask/1.1' }],
  })
  expect(tools.asked[0]!.request.messages).toEqual([
    { role: 'system', text: 'Be brief.' },
    { role: 'user', text: 'hello' },
  ])
})

test('an account pays, and its tenant is the tenant of the call', async () => {
  const tools = answering('hi')
  const books = booksOf('acme')
  await generate(tools, { model: 'fast', prompt: 'hello', account: books, id: 'mine' })
  expect(tools.asked[0]!.call.account?.tenant).toBe('acme')
  expect(books.lines).toMatchObject([{ id: 'mine.1' }])
})

test('without an account the tenant is the given one, or the default', async () => {
  const tools = answering('a', 'b')
  await generate(tools, { model: 'fast', prompt: 'hello' })
  await generate(tools, { model: 'fast', prompt: 'hello', tenant: 'umbra' })
  expect(tools.asked.map(({ call }) => call.account?.tenant)).toEqual(['default', 'umbra'])
})

const user = { role: 'user', text: 'hello' } as const

test.each<[string, Partial<AskOptions>]>([
  ['prompt', {}],
  ['prompt', { prompt: 'a', messages: [user] }],
  ['prompt', { prompt: ' ' }],
  ['model', { prompt: 'a', model: '' }],
  ['system', { prompt: 'a', system: '' }],
  ['messages', { messages: [] }],
  ['messages[0].role', { messages: [{ ...user, role: 'boss' as 'user' }] }],
  ['messages[0].text', { messages: [{ ...user, text: 5 as unknown as string }] }],
  ['messages', { messages: [{ role: 'assistant', text: 'a' }] }],
  ['messages', { messages: [{ role: 'tool', callId: '1', tool: 'x', result: 1 }] }],
  ['tools', { prompt: 'a', tools: ['x', 'x'].map((name) => ({ name, description: '', inputSchema: {} })) }],
  ['tools[0]', { prompt: 'a', tools: [{ name: '', description: '', inputSchema: {} }] }],
  ['settings.temperature', { prompt: 'a', settings: { temperature: Number.NaN } }],
  ['settings.maxOutputTokens', { prompt: 'a', settings: { maxOutputTokens: 0 } }],
  ['settings.seed', { prompt: 'a', settings: { seed: 0.5 } }],
  ['settings.stop', { prompt: 'a', settings: { stop: [''] } }],
  ['routing.maxRetries', { prompt: 'a', routing: { maxRetries: -1 } }],
  ['routing.cacheMs', { prompt: 'a', routing: { cacheMs: 0.5 } }],
  ['tenant', { prompt: 'a', tenant: 'b', account: booksOf('acme') }],
  ['tenant', { prompt: 'a', tenant: '' }],
  ['id', { prompt: 'a', id: '' }],
  ['deadlineAt', { prompt: 'a', deadlineAt: Number.NaN }],
])('a wrong %s is refused before anything is sent', async (place, options) => {
  const tools = answering()
  await expect(generate(tools, { model: 'fast', ...options })).rejects.toMatchObject({
    code: 'request.invalid',
    notSent: true,
    details: { place },
  })
  expect(tools.asked).toEqual([])
})

const person = z.object({ name: z.string(), age: z.int() })

test('a structured answer is a value of the schema, which the model is told', async () => {
  const tools = answering('{"name":"Ada","age":36}')
  const { value } = await generateStructured(tools, { model: 'fast', prompt: 'who', schema: person })
  expect(value.name).toBe('Ada')
  expect(tools.asked[0]!.request.outputSchema).toMatchObject({ required: ['name', 'age'] })
})

test('an answer that does not match is sent back, and all answers are paid for', async () => {
  const tools = answering('Ada, 36', '```json\n{"name":"Ada"}\n```', '{"name":"Ada","age":36}')
  const { value, cost, calls } = await generateStructured(tools, { model: 'fast', prompt: 'who', schema: person })
  expect(value).toEqual({ name: 'Ada', age: 36 })
  expect(cost.picoDollars).toBe('21')
  expect(calls.map(({ id }) => id)).toEqual(['ask/1.1', 'ask/1/repair-1.1', 'ask/1/repair-2.1'])
  expect(tools.asked[2]!.request.messages.map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'user',
    'assistant',
    'user',
  ])
})

test('repairs are bounded', async () => {
  const tools = answering('a', 'b', 'c')
  const asking = generateStructured(tools, { model: 'fast', prompt: 'who', schema: person, repairs: 1 })
  await expect(asking).rejects.toMatchObject({ code: 'model.invalid_output' })
  expect(tools.asked).toHaveLength(2)
})

test('half an answer is not repaired', async () => {
  const tools = answering({ text: '{"name":', finish: 'length' })
  const asking = generateStructured(tools, { model: 'fast', prompt: 'who', schema: person })
  await expect(asking).rejects.toMatchObject({ code: 'model.truncated' })
  expect(tools.asked).toHaveLength(1)
})

test.each([-1, 6, 0.5])('%d repairs are refused', async (repairs) => {
  const asking = generateStructured(answering(), { model: 'fast', prompt: 'who', schema: person, repairs })
  await expect(asking).rejects.toMatchObject({ code: 'request.invalid' })
})

const personJson = {
  type: 'object',
  properties: { name: { type: 'string' }, tags: { type: 'array', items: { enum: ['a', 'b'] } }, kind: { const: 1 } },
  required: ['name'],
  additionalProperties: false,
}

test.each<[Json, readonly string[]]>([
  [{ name: 'Ada', tags: ['a'], kind: 1 }, []],
  [{ tags: ['c'], kind: 2 }, ['name', 'tags.0', 'kind']],
  [{ name: 5, more: 1 }, ['name', 'more']],
  [[], ['']],
  [null, ['']],
])('a JSON Schema is a schema: %j', (value, places) => {
  const parsed = schemaOfJson(personJson).safeParse(value)
  expect((parsed.error?.issues ?? []).map(({ path }) => path.join('.'))).toEqual(places)
})

test.each<[string, Json, boolean]>([
  ['integer', 1, true],
  ['integer', 1.5, false],
  ['number', 1.5, true],
  ['boolean', true, true],
  ['null', null, true],
  ['string', null, false],
  ['object', [], false],
])('of type %s is %j: %s', (type, value, isRight) => {
  expect(schemaOfJson({ type }).safeParse(value).success).toBe(isRight)
})

test('a value by JSON Schema', async () => {
  const tools = answering('{"name":"Ada"}')
  const { value } = await generateStructured(tools, { model: 'fast', prompt: 'who', schema: personJson })
  expect(value).toEqual({ name: 'Ada' })
})

test('a stream is its pieces, and at the end the whole answer with its cost', async () => {
  const texts = stream(answering('one two three'), { model: 'fast', prompt: 'count' })
  const pieces: string[] = []
  for await (const piece of texts) pieces.push(piece)
  expect(pieces).toEqual(['one ', 'two ', 'three'])
  expect(await texts.final).toMatchObject({ text: 'one two three', cost: { picoDollars: '7' } })
  const again: string[] = []
  for await (const piece of texts) again.push(piece)
  expect(again).toEqual(pieces)
})

test('a stream fails as its last act, and nobody has to await its end', async () => {
  const texts = stream(answering(new MeepoError('model.interrupted', 'cut')), { model: 'fast', prompt: 'count' })
  const reading = (async () => {
    for await (const piece of texts) expect(piece).toBe('')
  })()
  await expect(reading).rejects.toMatchObject({ code: 'model.interrupted' })
})

test('leaving the loop early gives the call up', async () => {
  const tools = answering('one two')
  const texts = stream(tools, { model: 'fast', prompt: 'count' })
  for await (const piece of texts) {
    expect(piece).toBe('one ')
    break
  }
  expect(tools.asked[0]!.call.signal.aborted).toBe(true)
})

test('wrong options of a stream are thrown at once', () => {
  expect(() => stream(answering(), { model: 'fast' })).toThrow(expect.objectContaining({ code: 'request.invalid' }))
})
