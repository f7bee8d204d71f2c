import { MeepoError, toError, type JsonObject, type ModelRequest } from '@meepo/core'

import type { Target } from '../target.ts'
import { classify, type Phase } from './classify.ts'
import { readFailure } from './failure.ts'
import { redact } from './redact.ts'
import { retryAfterMs } from './retry-after.ts'

/**
 * The error of a call as the rest of the house knows it. The adapter's own error is not kept as the cause: it holds the
 * whole request.
 */
export function toModelError(
  thrown: unknown,
  target: Target,
  request: ModelRequest,
  phase: Phase,
  /** Milliseconds since 1970: the provider may name a date to come back. */
  now: number = Date.now(),
): MeepoError {
  if (MeepoError.is(thrown)) return thrown
  const failure = readFailure(thrown)
  const verdict = classify(failure, phase)
  const wait = retryAfterMs(failure.headers, now) ?? failure.bodyRetryMs
  const reason = failure.words[0] ?? failure.network?.toLowerCase()
  const details: JsonObject = {
    provider: target.provider,
    model: target.model,
    ...(failure.status === undefined ? {} : { status: failure.status }),
    ...(reason === undefined ? {} : { reason: redact(reason, request, target.secret()) }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(failure.message === undefined ? {} : { said: redact(failure.message, request, target.secret()) }),
  }
  return modelError(target, verdict.code, verdict.summary, {
    details,
    ...(verdict.retryable === undefined ? {} : { retryable: verdict.retryable }),
    ...(verdict.notSent ? { notSent: true } : {}),
  })
}

/** An error about a call, its message beginning with the model's name and the status. */
export function modelError(
  target: Target,
  code: ConstructorParameters<typeof MeepoError>[0],
  summary: string,
  options: { readonly details?: JsonObject; readonly retryable?: boolean; readonly notSent?: boolean } = {},
): MeepoError {
  const details: JsonObject = { provider: target.provider, model: target.model, ...options.details }
  const status = typeof details['status'] === 'number' ? ` (HTTP ${details['status']})` : ''
  return new MeepoError(code, `${target.id} ${summary}${status}`, { ...options, details })
}

/** The caller gave up: that is no failure of the provider. */
export function cancelledError(signal: AbortSignal): MeepoError {
  return toError(signal.reason, 'task.cancelled')
}
