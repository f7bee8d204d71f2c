// A limiter on a clock that stands still, and calls for it.

import type { Counters } from '../src/admission/limits/counters.ts'
import { createLimiter, type LimiterOptions } from '../src/admission/limits/create-limiter.ts'
import type { Limit } from '../src/admission/limits/limit.ts'
import type { LimitedCall, Limiter } from '../src/admission/limits/limiter.ts'
import { createMemoryCounters } from '../src/admission/limits/memory-counters.ts'
import { createFakeScheduler, type FakeScheduler } from '../src/testing/fake-scheduler.ts'
import { fakeRandom } from '../src/testing/test-machine.ts'

export interface LimiterSetup {
  readonly scheduler: FakeScheduler
  readonly counters: Counters
  readonly limiter: Limiter
}

export function setup(limits: readonly Limit[], options: Partial<LimiterOptions> = {}): LimiterSetup {
  const scheduler = createFakeScheduler({ startAt: 1_000_000 })
  const counters = options.counters ?? createMemoryCounters({ scheduler })
  const limiter = createLimiter({ limits, scheduler, random: fakeRandom('limiter'), ...options, counters })
  return { scheduler, counters, limiter }
}

let count = 0

export function call(inputTokens = 10, change: Partial<LimitedCall> = {}): LimitedCall {
  const scopes = { key: 'k', tenant: 'acme', model: 'm', provider: 'openai' }
  return { id: `call-${count++}`, tenant: 'acme', scopes, estimate: { inputTokens, outputTokens: 0 }, ...change }
}

/** What the promise rejects with; undefined when it does not. */
export function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
