import {
  noUsage,
  type CallAccount,
  type CallEntry,
  type ModelCall,
  type ModelRequest,
  type ModelResponse,
} from '@meepo/core'

import { GatewayCall, type Answered } from '../src/pipeline/stage.ts'

/** An account that says yes and remembers the lines. */
export interface Books extends CallAccount {
  readonly lines: { readonly id: string; readonly entry: CallEntry }[]
}

/** Books of a tenant. */
export function booksOf(tenant: string): Books {
  const lines: Books['lines'] = []
  return {
    tenant,
    scopes: [`tenant:${tenant}`],
    open: ({ picoDollars }) => Promise.resolve({ kind: 'granted', picoDollars }),
    settle: (id, entry) => void lines.push({ id, entry }),
    waiting: () => {},
    lines,
  }
}

let calls = 0

/** A call of the model `local:m` that may be answered from the cache. */
export function stageCall(
  extra: Partial<ModelCall> & { readonly request?: ModelRequest; readonly name?: string } = {},
): GatewayCall {
  const { request = shareable('hello'), name = 'local:m', ...given } = extra
  calls += 1
  return new GatewayCall(name, request, {
    signal: new AbortController().signal,
    attemptId: `attempt-${calls}`,
    idempotencyKey: `key-${calls}`,
    account: booksOf('acme'),
    ...given,
  })
}

/** A request that asks to share its answer. */
export function shareable(text: string, cacheMs = 1_000): ModelRequest {
  return { messages: [{ role: 'user', text }], routing: { cacheMs } }
}

/** An answer that cost 5,000 pico-dollars, booked as the pipeline does. */
export function paidAnswer(call: GatewayCall, response: Partial<ModelResponse> = {}): Answered {
  const id = call.nextId()
  const usage = { ...noUsage, input: 3, output: 2, calls: 1 }
  const entry: CallEntry = {
    target: 'local:m',
    model: 'm-1',
    outcome: 'ok',
    cost: { status: 'settled', picoDollars: '5000', card: 'local/m@1' },
    usage,
    startedAt: 0,
    durationMs: 1,
    try: 1,
  }
  call.account.settle(id, entry)
  return { id, entry, response: { text: 'hi', toolCalls: [], finish: 'stop', usage, model: 'm-1', ...response } }
}
