import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV4, LanguageModelV4Prompt, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { expect, onTestFinished, test } from 'vitest'

import { createSimulator, messageText } from './index.ts'
import type { Journal, SimulatorOptions, SimulatorScript } from './index.ts'

// The vendor's protocol as a real client understands it.

const prompt: LanguageModelV4Prompt = [{ role: 'user', content: [{ type: 'text', text: 'add 1 and 2, twice' }] }]
const tools = [
  {
    type: 'function' as const,
    name: 'add',
    inputSchema: { type: 'object' as const, properties: { a: { type: 'number' as const } } },
  },
]

/** Calls a tool twice in parallel, then reports the sum of what the tools answered. */
const adder: SimulatorScript = ({ messages }) => {
  const results = messages.filter((message) => message.role === 'tool')
  if (results.length > 0) {
    return { text: `the sum is ${results.reduce((sum, result) => sum + Number(messageText(result)), 0)}` }
  }
  const call = { name: 'add', arguments: { first: 1, second: 2 } }
  return { text: 'let me see', toolCalls: [call, call] }
}

async function start(
  script: SimulatorScript,
  options: Partial<SimulatorOptions> = {},
): Promise<{ model: LanguageModelV4; journal: Journal }> {
  const simulator = await createSimulator({ script, chunkSize: 5, ...options })
  onTestFinished(() => simulator.close())
  const provider = createOpenAICompatible({
    name: 'simulator',
    baseURL: `${simulator.url}/v1`,
    apiKey: 'k',
    includeUsage: true,
    supportsStructuredOutputs: true,
  })
  return { model: provider.chatModel('m'), journal: simulator.journal }
}

async function streamParts(model: LanguageModelV4, from: LanguageModelV4Prompt): Promise<LanguageModelV4StreamPart[]> {
  const { stream } = await model.doStream({ prompt: from, tools })
  const parts: LanguageModelV4StreamPart[] = []
  for await (const part of stream) parts.push(part)
  return parts
}

test('generate: text, reason and usage with its details', async () => {
  const usage = { inputTokens: 100, cachedInputTokens: 60, outputTokens: 20, reasoningTokens: 5 }
  const { model, journal } = await start(() => ({ text: 'hello you', usage }), { apiKeys: ['k'] })
  const answer = await model.doGenerate({
    prompt,
    temperature: 0.3,
    seed: 9,
    stopSequences: ['END'],
    maxOutputTokens: 50,
  })
  expect(answer.content).toEqual([{ type: 'text', text: 'hello you' }])
  expect(answer.finishReason).toMatchObject({ unified: 'stop' })
  expect(answer.usage).toMatchObject({
    inputTokens: { total: 100, noCache: 40, cacheRead: 60 },
    outputTokens: { total: 20, text: 15, reasoning: 5 },
  })
  expect(journal.entries()).toMatchObject([
    { inputTokens: 100, outputTokens: 20, body: { temperature: 0.3, seed: 9, stop: ['END'], max_tokens: 50 } },
  ])
})

test('generate: parallel tool calls, and an answer computed from their results', async () => {
  const { model, journal } = await start(adder)
  const { content, finishReason } = await model.doGenerate({ prompt, tools })
  expect(finishReason).toMatchObject({ unified: 'tool-calls' })
  const calls = content.filter((part) => part.type === 'tool-call')
  expect(calls.map((call) => [call.toolName, call.input])).toEqual([
    ['add', '{"first":1,"second":2}'],
    ['add', '{"first":1,"second":2}'],
  ])
  const answered: LanguageModelV4Prompt = [
    ...prompt,
    { role: 'assistant', content: calls.map((call) => ({ ...call, input: { first: 1, second: 2 } })) },
    {
      role: 'tool',
      content: calls.map(({ toolCallId, toolName }) => ({
        type: 'tool-result' as const,
        toolCallId,
        toolName,
        output: { type: 'text' as const, value: '3' },
      })),
    },
  ]
  const last = await model.doGenerate({ prompt: answered, tools })
  expect(last.content).toEqual([{ type: 'text', text: 'the sum is 6' }])
  expect(journal.totals()).toMatchObject({ requests: 2, billed: 2 })
})

test('stream: text and tool calls in pieces, the same as generated, with usage', async () => {
  const { model } = await start(adder)
  const parts = await streamParts(model, prompt)
  const text = parts.flatMap((part) => (part.type === 'text-delta' ? [part.delta] : []))
  expect(text).toEqual(['let m', 'e see'])
  const fragments = parts.filter((part) => part.type === 'tool-input-delta')
  expect(fragments.length).toBeGreaterThan(4)
  const calls = parts.filter((part) => part.type === 'tool-call')
  expect(calls.map((call) => call.input)).toEqual(['{"first":1,"second":2}', '{"first":1,"second":2}'])
  expect(new Set(calls.map((call) => call.toolCallId)).size).toBe(2)
  expect(parts.at(-1)).toMatchObject({
    type: 'finish',
    finishReason: { unified: 'tool-calls' },
    usage: { outputTokens: { total: 3 + 7 + 7 } },
  })
})

test('a limit ends the answer with reason length', async () => {
  const { model } = await start(() => ({ text: 'a long answer' }))
  const answer = await model.doGenerate({ prompt, maxOutputTokens: 2 })
  expect(answer.content).toEqual([{ type: 'text', text: 'a long a' }])
  expect(answer.finishReason).toMatchObject({ unified: 'length' })
})

test('a wanted schema reaches the script', async () => {
  const { model } = await start(({ body }) => ({ text: JSON.stringify(body.response_format) }))
  const schema = { type: 'object' as const, properties: {} }
  const { content } = await model.doGenerate({ prompt, responseFormat: { type: 'json', schema, name: 'report' } })
  const [part] = content
  expect(part?.type === 'text' && JSON.parse(part.text)).toMatchObject({
    type: 'json_schema',
    json_schema: { name: 'report', schema },
  })
})

test.each([
  [429, true],
  [503, true],
  [400, false],
])('a refusal with %i is an API error, retryable: %s', async (status, isRetryable) => {
  const { model } = await start(() => ({ fault: { kind: 'refuse', status, retryAfter: 3 } }))
  await expect(model.doGenerate({ prompt })).rejects.toMatchObject({
    statusCode: status,
    isRetryable,
    responseHeaders: { 'retry-after': '3' },
  })
})

test('a stream cut by a reset is an error for the client, after what it was sent', async () => {
  const script: SimulatorScript = () => ({
    text: 'never whole',
    latency: { perChunkMs: 5 },
    fault: { kind: 'cut', afterChunks: 2, by: 'rst' },
  })
  const { model } = await start(script)
  const { stream } = await model.doStream({ prompt })
  const seen: string[] = []
  const read = async (): Promise<void> => {
    for await (const part of stream) if (part.type === 'text-delta') seen.push(part.delta)
  }
  await expect(read()).rejects.toMatchObject({ cause: { message: 'terminated' } })
  expect(seen).toEqual(['never', ' whol'])
})
