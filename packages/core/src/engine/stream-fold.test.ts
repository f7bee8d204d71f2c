import { expect, test } from 'vitest'
import type { Json } from '../base/json.ts'
import { noUsage } from '../base/usage.ts'
import type { LogEvent, NewEvent, Stored } from '../log/events.ts'
import { StreamFold } from './stream-fold.ts'

const value = (stored: Stored): Json => ('value' in stored ? stored.value : null)
const model = { effect: 'read', meta: { kind: 'model' } } as const

function start(number: number): NewEvent {
  return { type: 'step.started', at: 0, data: { number, name: 'say', ...model } }
}

function done(number: number, result: Json, attempt = 1): NewEvent {
  return { type: 'step.completed', at: 0, data: { number, attempt, result: { value: result }, durationMs: 1 } }
}

function foldOf(after: string | undefined, ...events: readonly NewEvent[]) {
  const fold = new StreamFold('r', after, value)
  let seq = 0
  // Events of a log as their places say.
  const next = (event: NewEvent) => fold.fold({ ...event, seq: ++seq } as LogEvent)
  return { fold, next, told: events.flatMap((event) => next(event)) }
}

test('text of two steps at a time is told once each, whichever ends first', () => {
  const { fold, next } = foldOf(undefined, start(1), start(2))
  fold.preview(1, 1, 0, 'left')
  fold.preview(2, 1, 0, 'ri')
  expect(next(done(1, { text: 'left' })).map(({ type }) => type)).toEqual(['progress'])
  expect(next(done(2, { text: 'right' }))[0]).toMatchObject({ type: 'text', step: 2, offset: 2, text: 'ght' })
})

test('previews of steps that have not started or have ended, of older attempts and behind a gap are not told', () => {
  const { fold, next } = foldOf(undefined, start(1))
  expect(fold.hasStarted(2)).toBe(false)
  expect(fold.preview(2, 1, 0, 'early')).toEqual([])
  expect(fold.preview(1, 1, 5, 'gap')).toEqual([])
  expect(fold.preview(1, 2, 0, 'new')).toHaveLength(1)
  expect(fold.preview(1, 1, 0, 'old')).toEqual([])
  expect(fold.preview(1, 2, 0, 'ne')).toEqual([])
  next(done(1, { text: 'new' }, 2))
  expect(fold.preview(1, 2, 3, 'late')).toEqual([])
})

test('a cursor that holds previews of a step that ended meanwhile goes on with the rest', () => {
  const { fold } = foldOf(undefined, start(1), start(2))
  const [told] = fold.preview(1, 1, 0, 'le')
  const resumed = foldOf(told?.cursor, start(1), start(2), done(1, { text: 'left' }))
  expect(resumed.told[0]).toMatchObject({ type: 'text', offset: 2, text: 'ft' })
})

test('a new segment begins with no steps, and answers without text tell none', () => {
  const { fold, told } = foldOf(
    undefined,
    start(1),
    done(1, null),
    start(2),
    done(2, { text: 7 }),
    { type: 'run.continued', at: 0, data: { state: { value: null }, seed: 's', patches: [] } },
    { type: 'attempt.started', at: 0, data: { number: 1, attempt: 2 } },
    { type: 'progress.reported', at: 0, data: { partial: 1 } },
  )
  expect(told.map(({ type }) => type)).toEqual(['progress', 'progress', 'partial'])
  expect(fold.hasStarted(1)).toBe(false)
})

test('what each call cost is told at once, and what the run spent so far with each progress', () => {
  const settled = (call: string, picoDollars: string | null): NewEvent => {
    const status = picoDollars === null ? 'unpriced' : 'settled'
    const cost = { status, picoDollars } as const
    const entry = { target: 'x:y', outcome: 'ok', cost, usage: noUsage, startedAt: 0, durationMs: 0, try: 1 } as const
    return { type: 'call.settled', at: 0, data: { number: 1, attempt: 1, call, entry } }
  }
  const { told } = foldOf(undefined, start(1), settled('a', '30'), settled('b', null), settled('c', '12'), done(1, {}))
  expect(
    told.map((event) => (event.type === 'cost' ? [event.call, event.picoDollars, event.spent] : event.type)),
  ).toEqual([['a', '30', '30'], ['b', null, '30'], ['c', '12', '42'], 'progress'])
  expect(told.at(-1)).toMatchObject({ picoDollars: '42' })
})

test('a wait in a queue is told while its step runs', () => {
  const { fold, next } = foldOf(undefined, start(1))
  expect(fold.waiting(1, 1, 'limit a')).toMatchObject([{ type: 'waiting', step: 1, attempt: 1, what: 'limit a' }])
  expect(fold.waiting(1, 1, undefined)).toMatchObject([{ type: 'waiting', step: 1, attempt: 1 }])
  next(done(1, {}))
  expect([...fold.waiting(1, 1, 'limit a'), ...fold.waiting(2, 1, 'limit a')]).toEqual([])
})

test('what a tool shows is told as its output, and not again with its result', () => {
  const meta = { kind: 'tool', tool: 'look', callId: 'c' } as const
  const begin = (number: number): NewEvent => {
    return { type: 'step.started', at: 0, data: { number, name: 'tool:look', effect: 'read', meta } }
  }
  const { fold, next } = foldOf(undefined, begin(1), begin(2))
  const [told] = fold.preview(1, 1, 0, 'half')
  expect(told).toMatchObject({ type: 'tool.output', tool: 'look', callId: 'c', attempt: 1, offset: 0, text: 'half' })
  expect(told?.cursor).toBe('2.1/1.1.4')
  expect(next(done(1, 'seen'))).toMatchObject([{ type: 'tool.finished', result: 'seen', cursor: '3.1' }])
  fold.preview(2, 1, 0, 'half')
  const error = { code: 'tool.failed', message: 'no', retryable: false }
  const failed: NewEvent = { type: 'step.failed', at: 0, data: { number: 2, attempt: 1, error, durationMs: 1 } }
  expect(next(failed)).toMatchObject([{ type: 'tool.finished', ok: false, cursor: '4.1' }])
})
