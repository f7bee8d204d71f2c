import { expect, test } from 'vitest'
import type { ErrorData } from '../base/errors.ts'
import {
  allowedStrategies,
  defaultRecoveryRules,
  lastResort,
  recoveryBounds,
  recoveryStrategies,
  type FailedTask,
  type FailedTry,
} from './recovery.ts'

const error: ErrorData = { code: 'tool.failed', message: 'it is down', retryable: false }
const passing: ErrorData = { code: 'tool.failed', message: 'busy', retryable: true }
const bounds = recoveryBounds()
const once = (count: number): readonly FailedTry[] =>
  Array.from({ length: count }, (_, at) => ({ attempt: at + 1, worker: 'find', error }))
const facts = { error, effect: 'read', tries: once(1), hasInput: true } as const
const failed: FailedTask = {
  task: { id: 'a', tool: 'find' },
  error,
  effect: 'read',
  tries: once(1),
  replans: 0,
  allowed: recoveryStrategies,
}

test('everything is allowed for a task that may be repeated', () => {
  expect(allowedStrategies(facts, bounds, true)).toEqual(recoveryStrategies)
})

test('a task that was tried often enough is not tried again', () => {
  expect(allowedStrategies({ ...facts, tries: once(3) }, bounds, true)).toEqual(['skip', 'replan', 'fail'])
})

test('a plan that was made anew often enough is not made anew', () => {
  expect(allowedStrategies(facts, bounds, false)).not.toContain('replan')
})

test('what may have happened and must not happen twice is not repeated, unless it certainly did not happen', () => {
  const irreversible = { ...facts, effect: 'irreversible' } as const
  expect(allowedStrategies(irreversible, bounds, true)).toEqual(['skip', 'replan', 'fail'])
  expect(allowedStrategies({ ...irreversible, error: { ...error, notSent: true } }, bounds, true)).toContain('retry')
  expect(allowedStrategies({ ...irreversible, error: { ...error, code: 'tool.denied' } }, bounds, true)).toContain(
    'change',
  )
})

test('without an input there is nothing to repeat as it was', () => {
  expect(allowedStrategies({ ...facts, hasInput: false }, bounds, true)).not.toContain('retry')
})

test('failing is always allowed', () => {
  expect(allowedStrategies(facts, recoveryBounds({ strategies: [] }), true)).toEqual(['fail'])
})

test('what may pass is retried, later each time or when it said', () => {
  const rule = defaultRecoveryRules
  expect(rule({ ...failed, error: passing })).toEqual({ strategy: 'retry', afterMs: 1_000 })
  expect(rule({ ...failed, error: passing, tries: once(2) })).toEqual({ strategy: 'retry', afterMs: 2_000 })
  const asked = { ...error, retryable: true, details: { retryAfterMs: 5 } }
  expect(rule({ ...failed, error: asked })).toEqual({ strategy: 'retry', afterMs: 5 })
  expect(rule({ ...failed, error: passing, allowed: ['fail'] })).toBeUndefined()
})

test('alternatives of the plan are tried in their order, each once', () => {
  const task = { id: 'a', tool: 'find', alternatives: ['look', 'ask'] }
  expect(defaultRecoveryRules({ ...failed, task })).toEqual({ strategy: 'alternative', worker: 'look' })
  const tries = [...once(1), { attempt: 2, worker: 'look', error }]
  expect(defaultRecoveryRules({ ...failed, task, tries })).toEqual({ strategy: 'alternative', worker: 'ask' })
  expect(defaultRecoveryRules({ ...failed, task, allowed: ['skip'] })).toBeUndefined()
})

test('what is optional is skipped, and everything else left to the model', () => {
  const task = { id: 'a', tool: 'find', optional: true }
  expect(defaultRecoveryRules({ ...failed, task })).toEqual({ strategy: 'skip' })
  expect(defaultRecoveryRules({ ...failed, task, allowed: ['fail'] })).toBeUndefined()
  expect(defaultRecoveryRules(failed)).toBeUndefined()
})

test('the last resort is a new plan, where there may be one', () => {
  expect(lastResort(failed)).toEqual({ strategy: 'replan' })
  expect(lastResort({ allowed: ['skip', 'fail'] })).toEqual({ strategy: 'fail' })
})
