import { expect, test } from 'vitest'
import { MeepoError } from '../base/errors.ts'
import { noUsage } from '../base/usage.ts'
import type { LogEvent, NewEvent } from '../log/events.ts'
import { createTestMachine, fakeRandom } from '../testing/test-machine.ts'
import { ActiveClock } from './active-clock.ts'
import { AttemptHandle } from './attempt.ts'
import { anySchema } from '../base/schema.ts'
import type { AccountOwner } from './attempt-account.ts'
import { define } from './definition.ts'
import { inlineValue } from './entry.ts'
import { foldRecord } from './record-fold.ts'
import { effectiveEvents } from './effective-events.ts'
import { readRecording } from './recording.ts'
import { defaultRetry, retryDelay } from './retry.ts'
import { endEvent } from './run-end.ts'
import { sizeLimit, storeValue } from './stored-value.ts'
import type { RunHost } from './host.ts'
import { isUncertain } from './uncertain.ts'

const random = fakeRandom('small')
const busy = { code: 'step.timeout', message: 'busy', retryable: true }

test('a wait that the error asks for is kept, and a longer one of the policy too', () => {
  expect(retryDelay(defaultRetry, 'read', { ...busy, details: { retryAfterMs: 9_000 } }, 1, random)).toBe(9_000)
  expect(retryDelay(defaultRetry, 'read', { ...busy, details: { retryAfterMs: 1 } }, 1, random)).toBeGreaterThanOrEqual(
    100,
  )
  expect(retryDelay(defaultRetry, 'once', busy, 1, random)).toBeUndefined()
  expect(retryDelay(defaultRetry, 'once', { ...busy, notSent: true }, 1, random)).toBeGreaterThan(0)
})

test('what is no error says nothing against a certain outcome', () => {
  expect(isUncertain('text')).toBe(false)
  expect(isUncertain(Object.assign(new Error('x'), { code: 7 }))).toBe(false)
  expect(isUncertain(new MeepoError('step.unknown', 'lost'))).toBe(true)
  expect(isUncertain(new DOMException('late', 'TimeoutError'))).toBe(true)
})

test('a definition needs a name and a version that can stand in a key', () => {
  const run = async (): Promise<null> => null
  expect(() => define({ name: 'a b', input: anySchema, run })).toThrow('letters, digits')
  expect(() => define({ name: 'a', version: '1@2', input: anySchema, run })).toThrow('letters, digits')
})

test('an attempt keeps its first abort, tells it to whoever asks late, and adds up what it used', () => {
  const handle = new AttemptHandle({ call: { runId: 'run-1' } } as AccountOwner, 3, 2, undefined, 0)
  handle.abort(new Error('first'))
  handle.abort(new Error('second'))
  expect(handle.signal.reason).toEqual(new Error('first'))
  handle.addUsage({ ...noUsage, input: 1 })
  handle.addUsage({ ...noUsage, input: 2, calls: 1 })
  expect(handle.usage).toEqual({ ...noUsage, input: 3, calls: 1 })
  expect([handle.id, handle.idempotencyKey]).toEqual(['run-1/3/2', 'run-1/3'])
})

test('time with several open bodies counts once, and stands still without any', async () => {
  const { scheduler } = createTestMachine()
  const clock = new ActiveClock(scheduler, 5)
  clock.start()
  clock.start()
  await scheduler.advance(10)
  clock.stop()
  expect(clock.ms()).toBe(15)
  clock.stop()
  await scheduler.advance(10)
  expect(clock.ms()).toBe(15)
})

test('a value that was not fetched is an error, and no undefined', () => {
  expect(() => inlineValue({ ref: { blob: 'b', bytes: 1 } }, new Map())).toThrow('was not loaded')
})

const created: NewEvent = {
  type: 'run.created',
  at: 1,
  data: {
    definition: 'd',
    version: '1',
    input: { value: null },
    tenant: 't',
    sessionId: 's',
    limits: { activeMs: 1 },
    priority: 0,
  },
}

function logOf(...events: readonly NewEvent[]): readonly LogEvent[] {
  return [created, ...events].map((event, index): LogEvent => ({ ...event, seq: index + 1 }) as LogEvent)
}

test('a log begins with run.created', () => {
  expect(() => readRecording([])).toThrow('begins with run.created')
})

test('events of calls that the log does not know are passed over', () => {
  const stray = logOf(
    { type: 'progress.reported', at: 1, data: { message: 'before any segment' } },
    { type: 'run.started', at: 1, data: { seed: 's', patches: [] } },
    { type: 'attempt.started', at: 1, data: { number: 9, attempt: 2 } },
    { type: 'step.completed', at: 1, data: { number: 9, attempt: 2, result: { value: 1 }, durationMs: 0 } },
  )
  expect(readRecording(stray).segment?.tasks.size).toBe(0)
  expect(foldRecord('r', stray).history).toEqual([])
})

test('an attempt that never began counts for no policy', () => {
  const log = logOf(
    { type: 'run.started', at: 1, data: { seed: 's', patches: [] } },
    { type: 'step.started', at: 1, data: { number: 1, name: 'pay', effect: 'once' } },
    {
      type: 'attempt.failed',
      at: 2,
      data: { number: 1, attempt: 1, error: { code: 'engine.stopped', message: '', retryable: true }, retryAt: 2 },
    },
  )
  expect(readRecording(log).segment?.tasks.get(1)).toMatchObject({ failures: 0, retryAt: 2 })
})

test('a reopening that follows no end takes nothing away', () => {
  const log = logOf(
    { type: 'run.started', at: 1, data: { seed: 's', patches: [] } },
    { type: 'sleep.started', at: 1, data: { number: 1, until: 5 } },
    { type: 'task.cancelled', at: 2, data: { number: 1, reason: 'x' } },
    { type: 'run.reopened', at: 3, data: { limits: { activeMs: 7 }, by: 'operator' } },
  )
  expect(readRecording(log)).toMatchObject({
    lastSeq: 5,
    limits: { activeMs: 7 },
    segment: { deliveries: [{ type: 'task.cancelled' }] },
  })
})

test('a value whose blob is not there stays a reference in the record, and usage of a failed attempt is no answer', () => {
  const usage = { ...noUsage, input: 4, calls: 1 }
  const ref = { blob: 'b', bytes: 3 }
  const log = logOf(
    { type: 'step.started', at: 1, data: { number: 1, name: 'a', effect: 'read' } },
    { type: 'attempt.failed', at: 1, data: { number: 1, attempt: 1, error: busy, retryAt: 2, usage } },
    { type: 'attempt.started', at: 2, data: { number: 1, attempt: 2 } },
    { type: 'step.completed', at: 2, data: { number: 1, attempt: 2, result: { ref }, durationMs: 1 } },
  )
  const record = foldRecord('r', log)
  expect(record.history[0]?.result).toEqual({ ref })
  expect([record.usage, record.cost]).toEqual([usage, { picoDollars: '0', unpricedCalls: 0 }])
})

test('what a failed step used is kept when a reopening tries it once more', () => {
  const usage = { ...noUsage, input: 4, calls: 1 }
  const error = { code: 'tool.failed', message: 'no', retryable: false }
  const log = logOf(
    { type: 'step.started', at: 1, data: { number: 1, name: 'a', effect: 'read' } },
    { type: 'step.failed', at: 2, data: { number: 1, attempt: 1, error, durationMs: 1, usage } },
    { type: 'run.failed', at: 2, data: { error, unknownSteps: [], resumeAfter: 3 } },
    { type: 'run.reopened', at: 3, data: { limits: {}, by: 'operator' } },
  )
  expect(effectiveEvents(log)[2]).toMatchObject({
    type: 'attempt.failed',
    data: { number: 1, attempt: 1, error, retryAt: 3, usage },
  })
})

test('an end names its unknown steps in the order of their calls', () => {
  const end = endEvent({ kind: 'cancelled', reason: 'x' }, 1, new Set([10, 9, 2]), 4)
  expect(end.data).toEqual({ reason: 'x', unknownSteps: [2, 9, 10], resumeAfter: 4 })
})

test('a value of more than 8 MB is refused, and one of 8 MB stored', async () => {
  const ref = { blob: 'b', bytes: 1 }
  const host = { putBlob: () => Promise.resolve(ref) } as Partial<RunHost> as RunHost
  expect(() => storeValue(host, { value: 'x', size: sizeLimit + 1 })).toThrow(
    expect.objectContaining({ code: 'result.too_large' }),
  )
  expect(await storeValue(host, { value: 'x', size: sizeLimit })).toEqual({ ref })
})
