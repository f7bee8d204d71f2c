import { expect, test } from 'vitest'
import { MeepoError } from '../base/errors.ts'
import { directRun } from '../testing/direct-context.ts'
import { isRunEnding } from './run-ending.ts'

test('the failure of a task does not end the run', () => {
  const { ctx } = directRun()
  expect(isRunEnding(ctx, new MeepoError('step.timeout', 'slow'))).toBe(false)
  expect(isRunEnding(ctx, new Error('broken'))).toBe(false)
})

test('errors about the run as a whole end it, whatever throws them', () => {
  const { ctx } = directRun()
  expect(isRunEnding(ctx, new MeepoError('run.nondeterministic', 'another call'))).toBe(true)
})

test('once the run is aborted every error ends it', () => {
  const run = directRun()
  run.abort()
  expect(isRunEnding(run.ctx, new Error('broken'))).toBe(true)
})
