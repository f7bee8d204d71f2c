import { MeepoError, noUsage, type ModelRequest, type ModelResponse } from '@meepo/core'
import { expect, test, vi, type Mock } from 'vitest'

import type { Answered, GatewayCall, Handle } from '../pipeline/stage.ts'
import { booksOf, paidAnswer, shareable, stageCall } from '../../test-support/stage-call.ts'
import { memoryAnswers, type AnswerStore } from './answer-store.ts'
import { cacheStage } from './cache-stage.ts'
import { sharingPolicy } from './sharing.ts'

interface Setup {
  readonly run: (call: GatewayCall) => Promise<Answered>
  readonly provider: Mock<Handle>
  readonly clock: { now: number }
  readonly trouble: string[]
}

function setup(
  options: { store?: AnswerStore; deterministicMs?: number; answer?: Partial<ModelResponse> } = {},
): Setup {
  const clock = { now: 1_000_000 }
  const now = (): number => clock.now
  const trouble: string[] = []
  const stage = cacheStage({
    policy: sharingPolicy({ deterministicMs: options.deterministicMs, modelOf: (name) => name }),
    store: options.store ?? memoryAnswers(now),
    now,
    onTrouble: (message) => trouble.push(message),
  })
  const provider = vi.fn<Handle>((call) => Promise.resolve(paidAnswer(call, options.answer)))
  return { run: (call) => stage(call, provider), provider, clock, trouble }
}

test('the second equal call is answered from the cache, costs nothing and says what it saved', async () => {
  const { run, provider } = setup()
  const paid = await run(stageCall())
  const books = booksOf('acme')
  const { response } = await run(stageCall({ account: books, attemptId: 'again' }))
  expect(provider).toHaveBeenCalledTimes(1)
  expect(response).toEqual({ ...paid.response, usage: noUsage })
  expect(books.lines).toEqual([
    {
      id: 'again.1',
      entry: expect.objectContaining({
        outcome: 'cached',
        model: 'm-1',
        usage: noUsage,
        cost: { status: 'zero', picoDollars: '0', savedPicoDollars: '5000', card: 'local/m@1' },
        facts: { paidBy: paid.id },
      }),
    },
  ])
})

test.each<[string, Parameters<typeof stageCall>[0]]>([
  ['another tenant', { account: booksOf('umbra') }],
  ['another model', { name: 'local:n' }],
  ['another prompt', { request: shareable('bye') }],
  ['another setting', { request: { ...shareable('hello'), settings: { seed: 1 } } }],
  ['another schema', { request: { ...shareable('hello'), outputSchema: { type: 'object' } } }],
  ['another option', { request: { ...shareable('hello'), settings: { providerOptions: { x: { effort: 'low' } } } } }],
])('%s has its own answer', async (_what, other) => {
  const { run, provider } = setup()
  await run(stageCall())
  await run(stageCall(other))
  expect(provider).toHaveBeenCalledTimes(2)
})

test('a conversation that grows in its own array, and one request of two tenants, have their own answers', async () => {
  const { run, provider } = setup()
  const messages = [{ role: 'user' as const, text: 'hello' }]
  const request = { messages, routing: { cacheMs: 1_000 } }
  await run(stageCall({ request }))
  await run(stageCall({ request, account: booksOf('umbra') }))
  messages.push({ role: 'user', text: 'and now?' })
  await run(stageCall({ request }))
  expect(provider).toHaveBeenCalledTimes(3)
})

test('options that only label the request do not make it another one', async () => {
  const { run, provider } = setup()
  await run(stageCall())
  const request = { ...shareable('hello'), settings: { providerOptions: { openai: { user: 'bob' } } } }
  await run(stageCall({ request }))
  const plain = { ...shareable('hello'), settings: { providerOptions: { openai: {} } } }
  await run(stageCall({ request: plain }))
  expect(provider).toHaveBeenCalledTimes(2)
})

test('a watcher of a hit is told the whole text', async () => {
  const { run } = setup()
  await run(stageCall())
  const pieces: string[] = []
  await run(stageCall({ onText: (delta) => pieces.push(delta) }))
  expect(pieces).toEqual(['hi'])
})

test('an answer is not older than the call allows, nor kept longer than its own call said', async () => {
  const { run, provider, clock } = setup()
  await run(stageCall({ request: shareable('hello', 1_000) }))
  clock.now += 500
  await run(stageCall({ request: shareable('hello', 500) }))
  expect(provider).toHaveBeenCalledTimes(2)
  clock.now += 499
  await run(stageCall({ request: shareable('hello', 9_000) }))
  expect(provider).toHaveBeenCalledTimes(2)
  clock.now += 1
  await run(stageCall({ request: shareable('hello', 9_000) }))
  expect(provider).toHaveBeenCalledTimes(3)
})

test.each(['length', 'content-filter', 'other'] as const)(
  'an answer that ended with "%s" is not kept',
  async (finish) => {
    const { run, provider } = setup({ answer: { finish } })
    await run(stageCall())
    await run(stageCall())
    expect(provider).toHaveBeenCalledTimes(2)
  },
)

test('an error is not kept', async () => {
  const { run, provider } = setup()
  provider.mockRejectedValueOnce(new MeepoError('model.rejected', 'no'))
  await expect(run(stageCall())).rejects.toThrow('no')
  expect((await run(stageCall())).entry.outcome).toBe('ok')
})

test.each<[string, ModelRequest, number | undefined, number]>([
  ['a call that does not ask', { messages: [] }, 1_000, 2],
  [
    'a call with temperature 0 when the gateway does not let it',
    { messages: [], settings: { temperature: 0 } },
    undefined,
    2,
  ],
  ['a call with temperature 0 when the gateway lets it', { messages: [], settings: { temperature: 0 } }, 1_000, 1],
  ['one that forbids it', { messages: [], settings: { temperature: 0 }, routing: { cacheMs: 0 } }, 1_000, 2],
])('%s', async (_what, request, deterministicMs, sends) => {
  const { run, provider } = setup(deterministicMs === undefined ? {} : { deterministicMs })
  await run(stageCall({ request }))
  await run(stageCall({ request: { ...request } }))
  expect(provider).toHaveBeenCalledTimes(sends)
})

test('without an account there is no tenant, and nothing is shared', async () => {
  const { run, provider } = setup()
  await run(stageCall({ account: booksOf('') }))
  await run(stageCall({ account: booksOf('') }))
  expect(provider).toHaveBeenCalledTimes(2)
})

test('what a caller does with its answer reaches nobody else', async () => {
  const { run } = setup({ answer: { toolCalls: [{ id: '1', name: 'look', arguments: { at: 'a' } }] } })
  const first = await run(stageCall())
  const second = await run(stageCall())
  for (const { response } of [first, second]) Object.assign(response.toolCalls[0]!, { name: 'broken' })
  expect((await run(stageCall())).response.toolCalls).toEqual([{ id: '1', name: 'look', arguments: { at: 'a' } }])
})

test('a store that fails makes calls dearer, not wrong', async () => {
  const store: AnswerStore = {
    get: () => Promise.reject(new Error('it is gone')),
    set() {
      throw new Error('it is full')
    },
  }
  const { run, provider, trouble } = setup({ store })
  await run(stageCall())
  await run(stageCall())
  expect(provider).toHaveBeenCalledTimes(2)
  expect(trouble.slice(0, 2)).toEqual([
    'the response cache cannot read: it is gone',
    'the response cache cannot write: it is full',
  ])
})

test.each(['{"half', 'secret words', '{}', 'null', '{"response":{"text":"a"}}'])(
  'a store that hands back %s makes the call go on, and its words are not told',
  async (text) => {
    const store: AnswerStore = { get: () => ({ text, at: 1_000_000 }), set: () => {} }
    const { run, provider, trouble } = setup({ store })
    await run(stageCall())
    expect(provider).toHaveBeenCalledTimes(1)
    expect(trouble).toEqual(['the response cache cannot read: what was kept is no answer'])
  },
)

test('a call that was aborted meanwhile is not answered', async () => {
  const { run } = setup()
  await run(stageCall())
  const books = booksOf('acme')
  const call = stageCall({ account: books, signal: AbortSignal.abort() })
  await expect(run(call)).rejects.toMatchObject({ code: 'task.cancelled' })
  expect(books.lines).toEqual([])
})

test('the memory is bounded: what was used least recently goes first', async () => {
  const store = memoryAnswers(() => 0, 2_000)
  const text = 'x'.repeat(400)
  for (const key of ['a', 'b', 'c']) await store.set(key, { text, at: 0 }, 1)
  expect(store.get('a')).toBeUndefined()
  expect(store.get('c')).toMatchObject({ text })
})

const patient = (staleMs = 10_000): ModelRequest => ({
  messages: [{ role: 'user', text: 'hello' }],
  routing: { cacheMs: 1_000, staleMs },
})
const outage = (code: 'model.unavailable' | 'budget.exceeded', details = {}): MeepoError =>
  new MeepoError(code, 'no', { details })

test('an older answer stands in when every target fails, and its line says so', async () => {
  const { run, provider, clock } = setup()
  await run(stageCall({ request: patient() }))
  clock.now += 9_999
  provider.mockRejectedValueOnce(outage('model.unavailable'))
  const books = booksOf('acme')
  const { response } = await run(stageCall({ request: patient(), account: books }))
  expect(response.text).toBe('hi')
  expect(books.lines).toMatchObject([
    { entry: { outcome: 'cached', facts: { degraded: true, because: 'model.unavailable' } } },
  ])
  expect((await run(stageCall({ request: patient() }))).entry.outcome).toBe('ok')
})

test.each<[string, MeepoError, number, number]>([
  ['one that is too old', outage('model.unavailable'), 10_000, 10_000],
  ['any where the call allows none', outage('model.unavailable'), 2_000, 0],
  ['any after a refusal of a budget', outage('budget.exceeded'), 2_000, 10_000],
  ['any after text of another answer was shown', outage('model.unavailable', { hasText: true }), 2_000, 10_000],
])('%s does not stand in', async (_what, error, age, staleMs) => {
  const { run, provider, clock } = setup()
  await run(stageCall({ request: patient() }))
  clock.now += age
  provider.mockRejectedValueOnce(error)
  await expect(run(stageCall({ request: patient(staleMs) }))).rejects.toBe(error)
})

test('an error that is not ours passes', async () => {
  const { run, provider } = setup()
  provider.mockRejectedValueOnce(new TypeError('bug'))
  await expect(run(stageCall({ request: patient() }))).rejects.toThrow('bug')
})
