import type { CallGrant, CallIntent, PriceBook, PriceCard } from '@meepo/core'
import type { SimulatorAnswer } from '@meepo/simulator'
import { expect, onTestFinished, test } from 'vitest'

import { recordAccount } from '../test-support/books.ts'
import { go, openStage, vendors } from '../test-support/two-providers.ts'
import { callOf, errorOf, hello } from '../test-support/wire.ts'

const text = 'one two three four five six seven eight'
const cutAtA = ({ provider }: { readonly provider: string }): SimulatorAnswer =>
  provider === 'a' ? { text, fault: { kind: 'cut', by: 'rst', afterChunks: 3 } } : { text: 'the answer of b' }

function card(provider: string, perMillion: number): PriceCard {
  const rates = { in: { text: perMillion * 1_000_000 }, out: { text: perMillion * 1_000_000 } }
  const limits = { contextTokens: 10_000, maxOutputTokens: 1_000 }
  return { provider, model: 'm', aliases: [], version: '1', lastVerified: '2026-11-01', limits, periods: [{ rates }] }
}

function bookOf(...cards: readonly PriceCard[]): PriceBook {
  return { version: '1', verifiedAt: '2026-11-01', sources: [], cards }
}

/** Of compatible providers the price book goes by the name. */
const priced = { prices: { book: bookOf(card('a', 10), card('b', 1)) } }

test.each([0, 1, 2, 3, 4, 5])(
  'maxRetries %i is exactly so many repeats, however they are asked for',
  async (maxRetries) => {
    for (const way of ['gateway', 'route', 'call'] as const) {
      const script = (): SimulatorAnswer => ({ fault: { kind: 'refuse', status: 503 } })
      const stage = await openStage(onTestFinished, 'openai', script, {
        ...(way === 'gateway' ? { maxRetries } : {}),
        routes: { one: { targets: ['a:m'], ...(way === 'route' ? { maxRetries } : {}) } },
      })
      const request = way === 'call' ? { ...hello, routing: { maxRetries } } : hello
      const went = await go(stage, false, request, 'one')
      expect(went).toMatchObject({ code: 'model.unavailable', retryable: false, a: maxRetries + 1 })
    }
  },
)

test('tries of earlier attempts of the step count, but one is always left', async () => {
  const stage = await openStage(onTestFinished, 'openai', () => ({ fault: { kind: 'refuse', status: 503 } }), {
    maxRetries: 3,
  })
  const model = stage.gateway.resolve('a:m')
  expect(await errorOf(model.call(hello, callOf({ earlierTries: 2 })))).toMatchObject({ details: { tries: 2 } })
  expect(stage.requests().a).toBe(2)
  await errorOf(model.call(hello, callOf({ earlierTries: 9 })))
  expect(stage.requests().a).toBe(3)
})

test('a target that asks to wait is left alone by all calls until then; the next call waits for it', async () => {
  let isFirst = true
  const script = (): SimulatorAnswer => {
    const answer: SimulatorAnswer = isFirst ? { fault: { kind: 'refuse', status: 429, retryAfterMs: 150 } } : { text }
    isFirst = false
    return answer
  }
  const stage = await openStage(onTestFinished, 'openai', script, { maxRetries: 0 })
  expect(await go(stage, false, hello, 'a:m')).toMatchObject({ code: 'model.rate_limited' })
  const before = Date.now()
  expect(await go(stage, false, hello, 'a:m')).toMatchObject({ text, a: 2 })
  expect(Date.now() - before).toBeGreaterThan(100)
  expect(stage.account.waits).toEqual(['a target that is out of use'])
})

test('when all targets cool down for longer than the patience, the error says how long, and nothing is sent', async () => {
  const script = (): SimulatorAnswer => ({ fault: { kind: 'refuse', status: 429, retryAfter: 60 } })
  const stage = await openStage(onTestFinished, 'openai', script)
  expect(await go(stage, false, hello)).toMatchObject({ code: 'model.rate_limited', a: 1, b: 1 })
  const error = await errorOf(stage.gateway.resolve('main').call(hello, callOf()))
  expect(error).toMatchObject({ code: 'model.rate_limited', notSent: true, retryable: false })
  expect(error.details?.['retryAfterMs']).toBeGreaterThan(55_000)
  expect(error.message).toContain('every target of main is out of use')
  expect(stage.requests()).toEqual({ a: 1, b: 1 })
})

test('five failures in a row open the breaker: the next call does not even try', async () => {
  const script = ({ provider }: { readonly provider: string }): SimulatorAnswer =>
    provider === 'a' ? { fault: { kind: 'refuse', status: 500 } } : { text }
  const stage = await openStage(onTestFinished, 'openai', script)
  await go(stage, false, hello)
  await go(stage, false, hello)
  const opened = stage.requests().a
  expect(opened).toBe(5)
  expect(await go(stage, false, hello)).toMatchObject({ text, a: opened, b: 3 })
  expect(await stage.gateway.health()).toMatchObject([
    { provider: 'a', key: 'default', model: 'm', state: 'open', why: 'model.unavailable', opened: 1 },
  ])
})

test('a refused key is left out for all its models; another key of the provider takes over', async () => {
  const stage = await openStage(onTestFinished, 'openai', () => ({ text }))
  const { createSimulator } = await import('@meepo/simulator')
  const simulator = await createSimulator({ script: () => ({ text }), apiKeys: ['good'] })
  onTestFinished(() => simulator.close())
  const { createGateway } = await import('./gateway.ts')
  const keys = [
    { label: 'old', apiKey: 'bad' },
    { label: 'new', apiKey: 'good' },
  ]
  const gateway = createGateway({
    env: {},
    providers: { p: { kind: 'openai-compatible', baseURL: `${simulator.url}/v1`, keys } },
  })
  for (const model of ['p:x', 'p:y']) {
    await gateway.resolve(model).call(hello, callOf({ account: stage.account }))
  }
  expect(simulator.journal.entries()).toHaveLength(3)
  expect(stage.account.lines.map(({ entry }) => [entry.target, entry.key, entry.outcome])).toEqual([
    ['p:x', 'old', 'failed'],
    ['p:x', 'new', 'ok'],
    ['p:y', 'new', 'ok'],
  ])
  const [row] = await gateway.health()
  expect(row).toMatchObject({ provider: 'p', key: 'old', state: 'open', why: 'model.unauthorized' })
  expect(JSON.stringify(row)).not.toContain('bad')
})

test.each(vendors)(
  'restart: the watcher is told that the text is void, and the next target answers: %s',
  async (kind) => {
    const stage = await openStage(onTestFinished, kind, cutAtA, {
      routes: { main: { targets: ['a:m', 'b:m'], afterContent: 'restart' } },
    })
    const shown: string[] = []
    const response = await stage.gateway
      .resolve('main')
      .call(hello, callOf({ onText: (delta) => shown.push(delta), onReset: () => shown.push('|') }))
    expect(response.text).toBe('the answer of b')
    const parts = shown.join('').split('|')
    expect(parts.at(-1)).toBe('the answer of b')
    expect(parts.slice(0, -1).every((part) => part !== '' && text.startsWith(part))).toBe(true)
  },
)

test('restart where the text cannot be taken back is a failure', async () => {
  const stage = await openStage(onTestFinished, 'openai', cutAtA, {
    routes: { main: { targets: ['a:m', 'b:m'], afterContent: 'restart' } },
  })
  expect(await go(stage, true, hello)).toMatchObject({ code: 'model.interrupted', retryable: true, b: 0 })
})

test('continue: a target that can goes on where the answer broke off, and nothing is shown twice', async () => {
  let continued: string | undefined
  const stage = await openStage(
    onTestFinished,
    'openai',
    (request) => {
      if (request.provider === 'a') return cutAtA(request)
      const last = request.messages.at(-1)
      continued = last?.role === 'assistant' && typeof last.content === 'string' ? last.content : undefined
      return { text: text.slice(continued?.length) }
    },
    { routes: { main: { targets: ['a:m', { model: 'b:m', canContinue: true }], afterContent: 'continue' } } },
  )
  const went = await go(stage, true, hello)
  expect(went).toMatchObject({ text, shown: text, a: 1, b: 1 })
  expect(continued).not.toBe('')
})

test('a call is not sent where its conversation does not fit', async () => {
  const stage = await openStage(onTestFinished, 'openai', () => ({ text }), {
    routes: { main: { targets: [{ model: 'a:m', contextTokens: 50 }, 'b:m'] } },
  })
  const long = { messages: [{ role: 'user' as const, text: 'word '.repeat(200) }] }
  expect(await go(stage, false, long)).toMatchObject({ text, a: 0, b: 1 })
  const { messages } = long
  const stage2 = await openStage(onTestFinished, 'openai', () => ({ text }), {
    routes: { main: { targets: [{ model: 'a:m', contextTokens: 50 }] } },
  })
  expect(await go(stage2, false, { messages })).toMatchObject({ code: 'model.context_length', a: 0 })
})

test('an abort at any chunk ends the one request and books it once', async () => {
  for (let at = 1; at <= 9; at++) {
    const stage = await openStage(onTestFinished, 'openai', () => ({ text, latency: { perChunkMs: 3 } }))
    const controller = new AbortController()
    let deltas = 0
    const call = callOf({
      account: stage.account,
      signal: controller.signal,
      onText: () => {
        if (++deltas === at) controller.abort()
      },
    })
    const error = await errorOf(stage.gateway.resolve('main').call(hello, call))
    expect(error.code).toBe('task.cancelled')
    await stage.simulator.journal.settled()
    expect(stage.requests()).toEqual({ a: 1, b: 0 })
    expect(stage.account.lines).toHaveLength(1)
    const [line] = stage.account.lines
    expect(line?.entry).toMatchObject({ outcome: 'aborted', usage: { calls: 1 } })
    expect(line?.entry.usage.output).toBeGreaterThan(0)
  }
})

test('a new price holds from the next call on', async () => {
  const kind = 'openai-compatible'
  const stage = await openStage(
    onTestFinished,
    kind,
    () => {
      // While the first call is under way.
      stage.gateway.usePrices({ book: bookOf(card('a', 20)) })
      return { text, usage: { inputTokens: 100, outputTokens: 10 } }
    },
    { prices: { book: bookOf(card('a', 10)) } },
  )
  await go(stage, false, hello)
  await go(stage, false, hello)
  expect(stage.account.lines.map(({ entry }) => entry.cost.picoDollars)).toEqual(['1100000000', '2200000000'])
})

test('less money than asked for makes the answer shorter', async () => {
  const stage = await openStage(onTestFinished, 'openai-compatible', () => ({ text }), priced)
  const account = recordAccount((intent) => ({ kind: 'granted', picoDollars: intent.atLeast }))
  await stage.gateway.resolve('a:m').call(hello, callOf({ account }))
  expect(stage.simulator.journal.entries()[0]?.body).toMatchObject({ max_tokens: 256 })
  const [intent] = account.opened
  expect(intent?.atLeast).toBeLessThan(intent?.picoDollars ?? 0n)
})

const refusal = { kind: 'refused', budget: 'b', scope: 'user:bob', limit: '5', left: '1' } as const

test('a budget that would rather have a cheaper model gets one, and the books say so', async () => {
  const stage = await openStage(onTestFinished, 'openai-compatible', () => ({ text }), priced)
  const grant = (intent: CallIntent): CallGrant =>
    intent.target === 'a:m' ? { ...refusal, mayDegrade: true } : { kind: 'granted', picoDollars: intent.picoDollars }
  const account = recordAccount(grant)
  await stage.gateway.resolve('main').call(hello, callOf({ account }))
  expect(stage.requests()).toEqual({ a: 0, b: 1 })
  expect(account.lines.map(({ entry }) => [entry.target, entry.outcome, entry.facts?.['degraded']])).toEqual([
    ['a:m', 'refused', undefined],
    ['b:m', 'ok', true],
  ])
})

test('a budget that says no ends the call before anything is sent', async () => {
  const stage = await openStage(onTestFinished, 'openai-compatible', () => ({ text }), priced)
  const account = recordAccount(() => refusal)
  const error = await errorOf(stage.gateway.resolve('main').call(hello, callOf({ account })))
  expect(error).toMatchObject({ code: 'budget.exceeded', notSent: true, retryable: false })
  expect(stage.requests()).toEqual({ a: 0, b: 0 })
  expect(account.lines.map(({ entry }) => entry.cost)).toEqual([{ status: 'zero', picoDollars: '0' }])
})
