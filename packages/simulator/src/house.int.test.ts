import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { expect, onTestFinished, test } from 'vitest'

import { createSimulator } from './index.ts'
import type { Simulator, SimulatorOptions } from './index.ts'
import { postAndLeave } from '../test-support/leave.ts'
import { hello } from '../test-support/vendors.ts'

// Providers, limits, tiers, caches and embeddings over HTTP.

async function start(options: SimulatorOptions): Promise<Simulator> {
  const simulator = await createSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator
}

async function ask(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
}

const chat = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }
const message = { ...chat, max_tokens: 100 }
const contents = { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] }

test('virtual providers have their own answers, keys, models, limits and names in the journal', async () => {
  const { url, journal } = await start({
    script: () => ({ text: 'root' }),
    providers: {
      east: { rules: [{ steps: [{ text: 'east' }] }], apiKeys: ['east-key'], models: ['m'] },
      west: { limits: [{ requestsPerMinute: 1 }] },
    },
  })
  const say = async (base: string, key: string, model = 'm'): Promise<unknown> => {
    const answer = await ask(`${base}/v1/chat/completions`, { ...chat, model }, { authorization: `Bearer ${key}` })
    const body = (await answer.json()) as { choices?: { message: { content: string } }[] } // an answer or an error
    return body.choices?.[0]?.message.content ?? answer.status
  }
  expect(await say(url, 'any')).toBe('root')
  expect(await say(`${url}/p/east`, 'east-key')).toBe('east')
  expect(await say(`${url}/p/east`, 'any')).toBe(401)
  expect(await say(`${url}/p/east`, 'east-key', 'other')).toBe(404)
  expect([await say(`${url}/p/west`, 'any'), await say(`${url}/p/west`, 'any')]).toEqual(['root', 429])
  expect(await say(`${url}/p/north`, 'any')).toBe(404)
  expect(journal.entries().map(({ provider, status }) => [provider, status])).toEqual([
    ['default', 200],
    ['east', 200],
    ['east', 401],
    ['east', 404],
    ['west', 200],
    ['west', 429],
  ])
})

test('limits are told on every reply and refuse in the words of the vendor', async () => {
  const now = 1_800_000_000_250
  const limits = [{ requestsPerMinute: 2, inputTokensPerMinute: 40_000, tokensPerMinute: 60_000, burstSeconds: 60 }]
  const simulator = await start({ script: () => ({ text: 'ok' }), limits, clock: () => now })
  const openai = async (): Promise<Response> => ask(`${simulator.url}/v1/chat/completions`, chat)
  expect(Object.fromEntries((await openai()).headers)).toMatchObject({
    'x-ratelimit-limit-requests': '2',
    'x-ratelimit-remaining-requests': '1',
    'x-ratelimit-reset-requests': '30s',
    'x-ratelimit-limit-tokens': '60000',
    'x-ratelimit-remaining-tokens': '59998',
    'x-ratelimit-reset-tokens': '2ms',
  })
  await openai()
  const refused = await openai()
  expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('retry-after-ms')]).toEqual([
    429,
    '30',
    '30000',
  ])
  expect(await refused.json()).toMatchObject({
    error: { code: 'rate_limit_exceeded', message: expect.stringContaining('Please try again in 30s.') },
  })

  const anthropic = async (): Promise<Response> =>
    ask(`${simulator.url}/v1/messages`, { ...message, model: 'a' }, { 'x-api-key': 'k' })
  expect(Object.fromEntries((await anthropic()).headers)).toMatchObject({
    'anthropic-ratelimit-requests-limit': '2',
    'anthropic-ratelimit-requests-remaining': '1',
    'anthropic-ratelimit-requests-reset': '2027-01-15T08:00:31Z',
    'anthropic-ratelimit-input-tokens-limit': '40000',
    'anthropic-ratelimit-input-tokens-remaining': '40000',
    'anthropic-ratelimit-tokens-limit': '60000',
  })
  await anthropic()
  const throttled = await anthropic()
  expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '30'])
  expect(await throttled.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })

  const gemini = async (): Promise<Response> => ask(`${simulator.url}/v1beta/models/g:generateContent`, contents)
  await gemini()
  await gemini()
  const exhausted = await gemini()
  expect([exhausted.status, exhausted.headers.get('retry-after')]).toEqual([429, null])
  expect(await exhausted.json()).toMatchObject({
    error: { status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '30s' }] },
  })

  const requests = simulator.limits().filter(({ unit }) => unit === 'requests')
  expect(requests).toMatchObject([
    { key: '*', model: 'm', limit: 2, highestAdmitted: 2, highestSeen: 3, refused: 1 },
    { key: '…k', model: 'a', refused: 1 },
    { key: '*', model: 'g', refused: 1 },
  ])
  expect(await (await fetch(`${simulator.url}/limits`)).json()).toEqual({ limits: simulator.limits() })
  expect(simulator.journal.entries().filter(({ fault }) => fault === 'limited')).toHaveLength(3)
  expect(simulator.journal.totals()).toMatchObject({ requests: 9, billed: 6 })
})

test('a slot is free again before the client has its answer', async () => {
  const simulator = await start({ script: () => ({ text: 'ok' }), limits: [{ concurrency: 1 }] })
  for (let turn = 0; turn < 20; turn += 1) {
    const answer = await ask(`${simulator.url}/v1/chat/completions`, { ...chat, stream: turn % 2 === 0 })
    await answer.text()
    expect(answer.status).toBe(200)
  }
  expect(simulator.limits()).toMatchObject([{ unit: 'concurrency', highestAdmitted: 1, refused: 0 }])
})

test('a client that leaves gives its slot back', async () => {
  const simulator = await start({ latency: { headersMs: 30_000 }, limits: [{ concurrency: 1 }] })
  await postAndLeave(simulator, chat)
  await postAndLeave(simulator, chat)
  expect(simulator.limits()).toMatchObject([{ highestAdmitted: 1, refused: 0 }])
})

test('the tier that is asked for serves, unless the script says another', async () => {
  const prices = [
    { model: '*', serviceTier: 'priority', rates: { input: 8 } },
    { model: '*', serviceTier: 'flex', rates: { input: 2 } },
    { model: '*', rates: { input: 4 } },
  ]
  const script = ({ number }: { number: number }): object =>
    number === 2 ? { text: 'x', serviceTier: 'default' } : { text: 'x' }
  const { url, journal } = await start({ script: script as NonNullable<SimulatorOptions['script']>, prices })
  const tierOf = async (body: object): Promise<unknown> => {
    const answer = await ask(`${url}/v1/chat/completions`, { ...chat, ...body })
    return ((await answer.json()) as { service_tier?: string }).service_tier
  }
  expect(await tierOf({ service_tier: 'priority' })).toBe('priority')
  expect(await tierOf({ service_tier: 'priority' })).toBe('default')
  expect(await tierOf({ service_tier: 'flex' })).toBe('flex')
  expect(await tierOf({ service_tier: 'auto' })).toBeUndefined()
  expect(journal.entries().map(({ serviceTier, amountPico }) => [serviceTier, amountPico])).toEqual([
    ['priority', '16'],
    ['default', '8'],
    ['flex', '4'],
    ['default', '8'],
  ])
  expect(journal.totals()).toMatchObject({ amountPico: '36' })
})

test('Anthropic tells what was written to a cache and for how long', async () => {
  const usage = {
    inputTokens: 25_009,
    cachedInputTokens: 20_000,
    cacheWriteTokens: 2000,
    cacheWrite1hTokens: 3000,
    outputTokens: 500,
  }
  const rates = {
    input: 4_000_000,
    cacheRead: 200_000,
    cacheWrite: 5_000_000,
    cacheWrite1h: 8_000_000,
    output: 20_000_000,
  }
  const { url, journal } = await start({
    script: () => ({ text: 'x', usage, serviceTier: 'standard' }),
    prices: [{ model: 'claude', rates }],
  })
  const model = createAnthropic({ baseURL: `${url}/v1`, apiKey: 'k' })('claude')
  const { usage: told } = await model.doGenerate({ prompt: hello, maxOutputTokens: 600 })
  expect(told).toMatchObject({
    inputTokens: { total: 25_009, noCache: 9, cacheRead: 20_000, cacheWrite: 5000 },
    raw: {
      cache_creation: { ephemeral_5m_input_tokens: 2000, ephemeral_1h_input_tokens: 3000 },
      service_tier: 'standard',
    },
  })
  expect(journal.entries()).toMatchObject([{ inputTokens: 25_009, outputTokens: 500, amountPico: '48036000000' }])
})

test('OpenAI tells what was written to a cache, Responses for how long', async () => {
  const usage = { inputTokens: 2600, cachedInputTokens: 2000, cacheWrite30mTokens: 400, outputTokens: 300 }
  const { url } = await start({ script: () => ({ text: 'x', usage }) })
  const provider = createOpenAI({ baseURL: `${url}/v1`, apiKey: 'k' })
  const split = { total: 2600, noCache: 200, cacheRead: 2000, cacheWrite: 400 }
  const ofChat = await provider.chat('m').doGenerate({ prompt: hello })
  expect(ofChat.usage.inputTokens).toMatchObject(split)
  const ofResponses = await provider.responses('m').doGenerate({ prompt: hello })
  expect(ofResponses.usage).toMatchObject({
    inputTokens: split,
    raw: { input_tokens_details: { cache_write_tokens_details: { ttl_30m_tokens: 400, ttl_12h_tokens: 0 } } },
  })
})

test('usage may be sent word by word, and what is billed stays what was used', async () => {
  const wireUsage = { prompt_tokens: -1, completion_tokens: 1e18, cost: 0.0012 }
  const { url, journal } = await start({ script: () => ({ text: 'x', wireUsage, usage: { inputTokens: 3 } }) })
  const answer = await ask(`${url}/v1/chat/completions`, chat)
  expect(await answer.json()).toMatchObject({ usage: wireUsage })
  expect(journal.entries()).toMatchObject([{ inputTokens: 3, outputTokens: 1 }])
})

test('tokens are counted for nothing', async () => {
  const { url, journal } = await start({ limits: [{ requestsPerMinute: 1 }] })
  const counted = await ask(`${url}/v1/messages/count_tokens`, {
    model: 'm',
    messages: [{ role: 'user', content: '12345' }],
  })
  expect(await counted.json()).toEqual({ input_tokens: 2 })
  const gemini = await ask(`${url}/v1beta/models/m:countTokens`, { generateContentRequest: contents })
  expect(await gemini.json()).toMatchObject({ totalTokens: 2 })
  expect(journal.entries()).toMatchObject([
    { route: 'anthropic.count-tokens', billed: false },
    { route: 'gemini.count-tokens', billed: false, model: 'm' },
  ])
})

test('embeddings: the same text has the same vector, and input is billed', async () => {
  const { url, journal } = await start({ prices: [{ model: '*', rates: { input: 20_000 } }] })
  const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: 'k' }).embedding('e')
  const { embeddings, usage } = await openai.doEmbed({ values: ['abcd', 'efgh', 'abcd'], dimensions: 8 })
  expect(embeddings.map((vector) => vector.length)).toEqual([8, 8, 8])
  expect(embeddings[0]).toEqual(embeddings[2])
  expect(embeddings[0]).not.toEqual(embeddings[1])
  expect(Math.hypot(...(embeddings[0] ?? []))).toBeCloseTo(1)
  expect(usage).toEqual({ tokens: 3 })
  const google = createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: 'k' }).embedding('g')
  expect((await google.doEmbed({ values: ['abcd'], dimensions: 8 })).embeddings).toEqual([embeddings[0]])
  expect((await google.doEmbed({ values: ['abcd', 'efgh'] })).embeddings.map(({ length }) => length)).toEqual([
    3072, 3072,
  ])
  const packed = await ask(`${url}/v1/embeddings`, {
    model: 'e',
    input: [1, 2],
    dimensions: 4,
    encoding_format: 'base64',
  })
  const { data } = (await packed.json()) as { data: { embedding: string }[] } // the format that was asked for
  expect(Buffer.from(data[0]?.embedding ?? '', 'base64')).toHaveLength(16)
  expect(journal.entries().map(({ inputTokens, amountPico }) => [inputTokens, amountPico])).toEqual([
    [3, '60000'],
    [1, '20000'],
    [2, '40000'],
    [1, '20000'],
  ])
})
