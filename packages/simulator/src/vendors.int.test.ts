import type { LanguageModelV4, LanguageModelV4Prompt } from '@ai-sdk/provider'
import { expect, onTestFinished, test } from 'vitest'

import { createSimulator, messageText } from './index.ts'
import type { Simulator, SimulatorOptions, SimulatorScript } from './index.ts'
import { hello, partsOf, tools, vendors } from '../test-support/vendors.ts'

// Every format as a real client understands it.

async function start(options: SimulatorOptions): Promise<Simulator> {
  const simulator = await createSimulator({ chunkSize: 5, ...options })
  onTestFinished(() => simulator.close())
  return simulator
}

const usage = {
  inputTokens: 100,
  cachedInputTokens: 60,
  outputTokens: 20,
  reasoningTokens: 5,
} as const
const counted = {
  inputTokens: { total: 100, cacheRead: 60, noCache: 40 },
  outputTokens: { total: 20, text: 15, reasoning: 5 },
}

test.each(vendors)('$name: text, reason, usage and the model that answered, generated', async ({ model }) => {
  const script: SimulatorScript = () => ({ text: 'hello you', usage, modelName: 'm-2026' })
  const { url, journal } = await start({ script })
  const answer = await model(url).doGenerate({ prompt: hello, maxOutputTokens: 1000 })
  expect(answer.content).toMatchObject([{ type: 'text', text: 'hello you' }])
  expect(answer.finishReason).toMatchObject({ unified: 'stop' })
  expect(answer.usage).toMatchObject(counted)
  // Gemini's client has no field for it: it stands in the body only.
  expect(JSON.stringify(answer.response)).toContain('m-2026')
  expect(journal.entries()).toMatchObject([
    { model: 'm', servedModel: 'm-2026', inputTokens: 100, outputTokens: 20, key: '…k', billed: true },
  ])
})

test.each(vendors)('$name: the same streamed, in pieces', async ({ model }) => {
  const { url } = await start({ script: () => ({ text: 'hello you', usage }) })
  const parts = await partsOf(model(url))
  expect(parts.flatMap((part) => (part.type === 'text-delta' && part.delta !== '' ? [part.delta] : []))).toEqual([
    'hello',
    ' you',
  ])
  expect(parts.some((part) => part.type === 'error')).toBe(false)
  expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: { unified: 'stop' }, usage: counted })
})

const adder: SimulatorScript = ({ messages }) => {
  const results = messages.filter((message) => message.role === 'tool')
  if (results.length > 0) return { text: `the results are ${results.map(messageText).join(' and ')}` }
  const call = { name: 'add', arguments: { first: 1, second: 2 } }
  return { text: 'let me see', toolCalls: [call, call] }
}

test.each(vendors)('$name: parallel tool calls and their results', async ({ model, name }) => {
  const { url, journal } = await start({ script: adder })
  const asked = await model(url).doGenerate({ prompt: hello, tools, maxOutputTokens: 1000 })
  expect(asked.finishReason).toMatchObject({ unified: 'tool-calls' })
  const calls = asked.content.filter((part) => part.type === 'tool-call')
  expect(calls.map((call) => [call.toolName, JSON.parse(call.input)])).toEqual([
    ['add', { first: 1, second: 2 }],
    ['add', { first: 1, second: 2 }],
  ])
  const answered: LanguageModelV4Prompt = [
    { role: 'system', content: 'Be brief.' },
    ...hello,
    { role: 'assistant', content: calls.map((call) => ({ ...call, input: { first: 1, second: 2 } })) },
    {
      role: 'tool',
      content: calls.map(({ toolCallId, toolName }, index) => ({
        type: 'tool-result' as const,
        toolCallId,
        toolName,
        output: { type: 'text' as const, value: `r${index}` },
      })),
    },
  ]
  const last = await model(url).doGenerate({ prompt: answered, tools, maxOutputTokens: 1000 })
  const [part] = last.content
  expect(part).toMatchObject({ type: 'text', text: expect.stringMatching(/r0.* and .*r1/) })
  // The text before a call comes along where the format keeps both in one turn.
  expect(journal.entries().map((entry) => entry.route)).toEqual(
    Array(2).fill(name === 'openai-compatible' ? 'openai.chat' : name),
  )
})

test.each(vendors)('$name: streamed tool calls arrive whole', async ({ model }) => {
  const { url } = await start({ script: adder })
  const parts = await partsOf(model(url), { tools })
  const calls = parts.filter((part) => part.type === 'tool-call')
  expect(calls.map((call): unknown => JSON.parse(call.input))).toEqual([
    { first: 1, second: 2 },
    { first: 1, second: 2 },
  ])
  expect(new Set(calls.map((call) => call.toolCallId)).size).toBe(2)
  expect(parts.at(-1)).toMatchObject({ finishReason: { unified: 'tool-calls' } })
})

test.each(vendors)('$name: a limit ends the answer with reason length, a filter with its own', async ({ model }) => {
  const { url } = await start({ script: ({ number }) => ({ text: 'a long answer', ...filtered(number) }) })
  const cut = await model(url).doGenerate({ prompt: hello, maxOutputTokens: 2 })
  expect(cut).toMatchObject({
    content: [{ type: 'text', text: 'a long a' }],
    finishReason: { unified: 'length' },
  })
  const blocked = await model(url).doGenerate({ prompt: hello, maxOutputTokens: 100 })
  expect(blocked.finishReason).toMatchObject({ unified: 'content-filter' })
})

function filtered(number: number): { finishReason?: 'content_filter' } {
  return number === 1 ? {} : { finishReason: 'content_filter' }
}

test.each(vendors.filter(({ name }) => name !== 'openai.chat'))('$name: reasoning comes first', async ({ model }) => {
  const { url } = await start({ script: () => ({ reasoning: 'hm, well', text: 'so' }) })
  const { content, usage: used } = await model(url).doGenerate({ prompt: hello, maxOutputTokens: 1000 })
  expect(content).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ type: 'reasoning', text: 'hm, well' }),
      expect.objectContaining({ type: 'text', text: 'so' }),
    ]),
  )
  expect(used.outputTokens).toMatchObject({ total: 3, reasoning: 2 })
  const parts = await partsOf(model(url))
  const thoughts = parts.flatMap((part) => (part.type === 'reasoning-delta' ? [part.delta] : []))
  expect(thoughts.join('')).toBe('hm, well')
})

test.each(vendors)('$name: a wanted schema reaches the script, and the seed can answer it', async ({ model }) => {
  const { url } = await start({ seed: 7 })
  const schema = {
    type: 'object' as const,
    properties: { ok: { type: 'boolean' as const }, name: { type: 'string' as const } },
    required: ['ok', 'name'],
    additionalProperties: false,
  }
  const responseFormat = { type: 'json' as const, schema, name: 'report' }
  const ask = async (): Promise<unknown> => {
    const { content } = await structured(model(url)).doGenerate({
      prompt: hello,
      maxOutputTokens: 1000,
      responseFormat,
    })
    const [part] = content
    return part?.type === 'text' ? JSON.parse(part.text) : part
  }
  const first = await ask()
  expect(first).toMatchObject({ ok: expect.any(Boolean), name: expect.any(String) })
  expect(await ask()).toEqual(first)
})

/** The compatible client asks for a schema only when it is told that it may. */
function structured(model: LanguageModelV4): LanguageModelV4 {
  if (model.provider.startsWith('sim')) Object.assign(model, { supportsStructuredOutputs: true })
  return model
}

const statuses = [400, 402, 403, 404, 413, 422, 429, 500, 503, 529]
const refusals = vendors.flatMap((vendor) => statuses.map((status) => ({ ...vendor, status })))

test.each(refusals)('$name: $status is an API error with the vendor body', async ({ model, status }) => {
  const { url, journal } = await start({ rules: [{ steps: [{ fault: { kind: 'refuse', status } }] }] })
  const outcome = await model(url)
    .doGenerate({ prompt: hello, maxOutputTokens: 1000 })
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  expect(outcome).toMatchObject({
    statusCode: status,
    isRetryable: status === 429 || status >= 500,
    message: status === 529 || status === 503 ? expect.any(String) : expect.stringContaining(String(status)),
    data: { error: expect.any(Object) },
  })
  expect(journal.entries()).toMatchObject([{ status, fault: 'refuse', billed: false }])
})

test.each(vendors)('$name: a wrong key is refused, a known one may be too, and none is journalled', async (vendor) => {
  const apiKeys = ['sk-right', { key: 'sk-poor', name: 'poor', refuse: 402 }]
  const { url, journal } = await start({ script: () => ({ text: 'x' }), apiKeys })
  const ask = async (key: string): Promise<unknown> => {
    const { model } = vendor
    const { doGenerate } = model(url, key)
    return doGenerate.call(model(url, key), { prompt: hello, maxOutputTokens: 10 }).then(() => 'answered', statusOf)
  }
  const wrong = vendor.name === 'gemini.generate' ? 400 : 401
  expect([await ask('sk-wrong'), await ask('sk-poor'), await ask('sk-right')]).toEqual([wrong, 402, 'answered'])
  expect(journal.entries().map(({ key }) => key)).toEqual(['…rong', 'poor', '…ight'])
  expect(JSON.stringify(journal.entries())).not.toContain('sk-')
})

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'statusCode' in error ? error.statusCode : error
}
