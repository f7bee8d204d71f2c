import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  createBudgetBook,
  createLimiter,
  createMemoryCounters,
  createStoreAccount,
  type Budget,
  type Limit,
  type ModelRequest,
  type PriceBook,
} from '@meepo/core'
import { createMemoryStore } from '@meepo/core/memory-store'
import { createNodeMachine } from '@meepo/engine-embedded'
import { createGateway } from '@meepo/gateway'
import { fakeFetch, systemText, userText } from './fake-provider.ts'

/** One call, by its number. */
export type OneCall = (number: number) => Promise<unknown>

export const baseURL = 'http://provider.invalid/v1'
const request: ModelRequest = {
  messages: [
    { role: 'system', text: systemText },
    { role: 'user', text: userText },
  ],
}
const rates = { in: { text: 1_000_000 }, out: { text: 5_000_000 } }
const card = { provider: 'p', model: 'm', aliases: [], version: '1', lastVerified: '2026-11-01', periods: [{ rates }] }
export const book: PriceBook = {
  version: '1',
  verifiedAt: '2026-11-01',
  sources: [],
  cards: [{ ...card, limits: { contextTokens: 100_000, maxOutputTokens: 4_000 } }],
}
export const limits: readonly Limit[] = [
  { name: 'requests', scope: 'key', counts: 'requests', amount: 1_000_000_000, per: 'minute' },
  { name: 'tokens', scope: 'key', counts: 'tokens', amount: 100_000_000_000, per: 'minute' },
  { name: 'at-once', scope: 'tenant', counts: 'concurrent', amount: 1_000 },
]
export const budgets: readonly Budget[] = [
  { name: 'company', scope: 'tenant', limit: 1_000_000, period: 'month' },
  { name: 'user', scope: 'user', limit: 1_000_000, period: 'day' },
  { name: 'agent', scope: 'agent', limit: 1_000_000, period: 'day' },
]

/** A call of the adapter alone. */
export function bareCall(): OneCall {
  const model = createOpenAICompatible({ name: 'p', baseURL, fetch: fakeFetch }).chatModel('m')
  const { signal } = new AbortController()
  return async (number) =>
    await model.doGenerate({
      prompt: [
        { role: 'system', content: systemText },
        { role: 'user', content: [{ type: 'text', text: userText }] },
      ],
      headers: { 'x-meepo-attempt-id': `attempt-${number}` },
      abortSignal: signal,
    })
}

/** The same through the whole pipeline: price, three limits, three budgets, breaker, ledger, in a store in memory. */
export function gatewayCall(): OneCall {
  const machine = createNodeMachine()
  const { scheduler, random } = machine
  const { money } = createMemoryStore()
  const limiter = createLimiter({ limits, counters: createMemoryCounters({ scheduler }), scheduler, random })
  const providers = { p: { kind: 'openai-compatible', baseURL } } as const
  const gateway = createGateway({ env: {}, fetch: fakeFetch, machine, limiter, prices: { book }, providers })
  const scopes = ['tenant:acme', 'user:bob', 'session:s1', 'agent:writer', 'run:r1']
  const account = createStoreAccount({ money, book: createBudgetBook(budgets), scopes, scheduler })
  const model = gateway.resolve('p:m')
  const { signal } = new AbortController()
  return (number) =>
    model.call(request, { signal, attemptId: `attempt-${number}`, idempotencyKey: `step-${number}`, account })
}
