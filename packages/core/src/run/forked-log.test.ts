import { expect, test } from 'vitest'
import { noUsage } from '../base/usage.ts'
import type { LogEvent, NewEvent, RunLimits } from '../log/events.ts'
import { readRecording } from './recording.ts'
import { blobsOf, foldRecord } from './record-fold.ts'

const limits: RunLimits = { activeMs: 9 }
const created: NewEvent = {
  type: 'run.created',
  at: 0,
  data: {
    definition: 'd',
    version: '1',
    input: { value: null },
    tenant: 't',
    sessionId: 's',
    limits: { activeMs: 1, deadlineAt: 5 },
    priority: 0,
  },
}
const started: NewEvent = { type: 'run.started', at: 0, data: { seed: 'first', patches: [] } }
const step = (number: number): NewEvent => ({
  type: 'step.started',
  at: 1,
  data: { number, name: `s${number}`, effect: 'once' },
})
const unknown = (number: number): NewEvent => ({
  type: 'step.unknown',
  at: 4,
  data: { number, attempt: 1, error: { code: 'step.unknown', message: 'crashed', retryable: false } },
})
const done = (number: number): NewEvent => ({
  type: 'step.completed',
  at: 3,
  data: { number, attempt: 1, result: { value: number }, durationMs: 0, usage: { ...noUsage, input: 5, calls: 1 } },
})
const call = (number: number): NewEvent => ({
  type: 'call.started',
  at: 1,
  data: { number, attempt: 1, call: `c${number}`, target: 'a:b', picoDollars: '9', try: 1 },
})
const settled = (number: number): NewEvent => ({
  type: 'call.settled',
  at: 2,
  data: {
    number,
    attempt: 1,
    call: `c${number}`,
    entry: {
      target: 'a:b',
      outcome: 'ok',
      cost: { status: 'settled', picoDollars: '7', savedPicoDollars: '2' },
      usage: noUsage,
      startedAt: 1,
      durationMs: 1,
      try: 1,
    },
  },
})
const sleep: NewEvent = { type: 'sleep.started', at: 1, data: { number: 3, until: 90 } }
const forked = (seq: number): NewEvent => ({
  type: 'run.forked',
  at: 50,
  data: { from: { runId: 'r', seq }, seed: 'second', limits },
})

function log(...events: readonly NewEvent[]): readonly LogEvent[] {
  // Type and data stay the pair that they were.
  return events.map((event, index) => ({ ...event, seq: index + 1 }) as LogEvent)
}

test('what was open at a fork begins again, and calls, limits and time are its own', () => {
  const before = [created, started, step(1), call(1), settled(1), step(2), call(2), sleep, done(1), unknown(2)]
  const recording = readRecording(log(...before, forked(10)))
  expect(recording.lostCalls.size).toBe(0)
  expect(recording).toMatchObject({ limits, activeMs: 0, isEnded: false, end: undefined })
  const { tasks, reseeds, seed } = recording.segment ?? {}
  expect([seed, reseeds]).toEqual(['first', [{ at: 0, seed: 'second' }]])
  expect(tasks?.get(1)).toMatchObject({ isClosed: true, tries: 0 })
  expect(tasks?.get(1)?.retryAt).toBeUndefined()
  expect(tasks?.get(2)).toMatchObject({ isClosed: false, isUnknown: false, retryAt: 50 })
  expect(tasks?.get(3)?.retryAt).toBeUndefined()
  expect(readRecording(log(...before)).segment?.tasks.get(2)).toMatchObject({ isUnknown: true })
})

test('a fork at the start has a chance of its own from the start', () => {
  expect(readRecording(log(created, started, forked(2))).segment).toMatchObject({ seed: 'second', reseeds: [] })
  expect(readRecording(log(created, forked(1))).segment).toBeUndefined()
})

test('the record of a fork tells the steps of both and the costs of its own', () => {
  const events = [
    created,
    started,
    step(1),
    call(1),
    settled(1),
    done(1),
    forked(6),
    step(2),
    call(2),
    settled(2),
    done(2),
  ]
  const record = foldRecord('f', events)
  expect(record).toMatchObject({
    forkedFrom: { runId: 'r', seq: 6 },
    usage: { input: 5 },
    cost: { picoDollars: '7', savedPicoDollars: '2', unpricedCalls: 0 },
    history: [{ picoDollars: '7' }, { picoDollars: '7' }],
  })
})

test('the values of a log include that of an end that only began', () => {
  const end = { kind: 'completed', result: { ref: { blob: 'x', bytes: 1 } } } as const
  const cancelled = { kind: 'cancelled', reason: 'x' } as const
  const ending = (data: typeof end | typeof cancelled): NewEvent => ({ type: 'run.ending', at: 1, data: { end: data } })
  expect(blobsOf([created, ending(end)])).toEqual(['x'])
  expect(blobsOf([created, ending(cancelled)])).toEqual([])
})
