import { MeepoError, type ErrorCode, type JsonObject } from '@meepo/core'

import type { Standing } from '../breaker/target-state.ts'
import type { HealthKeys } from '../health/health-keeper.ts'
import type { Candidate, LeftOut } from '../route/candidate.ts'
import type { Route } from '../route/route.ts'

/** An error as it leaves the gateway: who called need not repeat what was repeated here. */
export function leaving(
  error: MeepoError,
  {
    tries,
    mayRepeat,
    notSent,
    waitMs,
  }: {
    readonly tries: number
    readonly mayRepeat: boolean
    readonly notSent: boolean
    readonly waitMs?: number | undefined
  },
): MeepoError {
  const { code, message, details, cause } = error
  const left = MeepoError.fromData({
    code,
    message: tries > 1 ? `${message} (${tries} tries)` : message,
    retryable: mayRepeat,
    ...(notSent ? { notSent: true } : {}),
    details: { ...details, tries, ...(waitMs === undefined ? {} : { retryAfterMs: Math.ceil(waitMs) }) },
  })
  if (cause !== undefined) left.cause = cause
  return left
}

/** An answer that broke off after its first text was shown, whatever broke it. */
export function interrupted(error: MeepoError): MeepoError {
  const { code, message, details } = error
  return new MeepoError('model.interrupted', message, {
    retryable: true,
    details: { ...details, hasText: true, ...(code === 'model.interrupted' ? {} : { because: code }) },
  })
}

const whyWords: Readonly<Record<LeftOut['why'], string>> = {
  window: 'the conversation is longer than its window',
  ability: 'it cannot do what the request needs',
  price: 'the call could cost more than the route allows, or its price is not known',
  region: 'it is not in a region of the route',
  quality: 'its quality is below that of the route',
}

/** No target can take the call, and nothing was sent. */
export function noTarget({ name }: Route, left: readonly LeftOut[]): MeepoError {
  const isTooLong = left.length > 0 && left.every(({ why }) => why === 'window')
  const code: ErrorCode = isTooLong ? 'model.context_length' : 'route.no_target'
  const reasons = left.map(({ model, why }) => `${model}: ${whyWords[why]}`)
  const details: JsonObject = { route: name, targets: left.map(({ model, key, why }) => ({ model, key, why })) }
  return new MeepoError(
    code,
    `no target of ${name} can take the call${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`,
    {
      retryable: false,
      notSent: true,
      details,
    },
  )
}

/** How the blocked targets look. */
export interface BlockedView {
  readonly now: number
  readonly wait: number
  readonly standing: (keys: HealthKeys) => Standing
  readonly why: (keys: HealthKeys) => string | undefined
}

/** All targets are out of use for longer than the call would wait. Nothing was sent. */
export function allBlocked({ name }: Route, blocked: readonly Candidate[], view: BlockedView): MeepoError {
  const { now, wait, standing, why } = view
  const targets = blocked.map(({ target }) => {
    const keys = target.healthKeys()
    const state = standing(keys)
    const leftMs = 'until' in state ? Math.max(0, state.until - now) : 0
    return { model: target.id, key: target.key, state: state.kind, leftMs, code: why(keys) ?? 'model.unavailable' }
  })
  const soonest = targets.toSorted((a, b) => a.leftMs - b.leftMs)[0]
  const list = targets.map(
    ({ model, state, leftMs, code }) => `${model} (${state} for ${(leftMs / 1_000).toFixed(1)} s: ${code})`,
  )
  return MeepoError.fromData({
    code: soonest?.code ?? 'model.unavailable',
    message: `every target of ${name} is out of use: ${list.join(', ')}`,
    retryable: false,
    notSent: true,
    details: { route: name, targets, retryAfterMs: Math.ceil(wait), tries: 0 },
  })
}
