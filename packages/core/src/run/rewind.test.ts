import { expect, test } from 'vitest'
import type { ErrorData } from '../base/errors.ts'
import { noUsage } from '../base/usage.ts'
import type { LogEvent, NewEvent, Rewind } from '../log/events.ts'
import { lostEntry, type LostCall } from './lost-call.ts'
import { narrowLimits, startLimits } from './limits.ts'
import { effectiveEvents } from './effective-events.ts'
import { readRecording } from './recording.ts'
import { retryDelay } from './retry.ts'
import { isBudgetStop, planRewind } from './rewind.ts'

const spent: ErrorData = { code: 'budget.exceeded', message: 'spent', retryable: false }
const other: ErrorData = { code: 'tool.failed', message: 'no', retryable: false }

const created: NewEvent = {
  type: 'run.created',
  at: 0,
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
const started: NewEvent = { type: 'run.started', at: 0, data: { seed: 's', patches: [] } }
const step = (number: number, effect: 'read' | 'idempotent' | 'once'): NewEvent => {
  return { type: 'step.started', at: 0, data: { number, name: `s${number}`, effect } }
}
const done = (number: number): NewEvent => {
  return { type: 'step.completed', at: 0, data: { number, attempt: 1, result: { value: number }, durationMs: 0 } }
}
const refused = (number: number, error: ErrorData = spent): NewEvent => {
  return { type: 'step.failed', at: 0, data: { number, attempt: 1, error, durationMs: 0, usage: noUsage } }
}
const child = (number: number): NewEvent => {
  const data = { number, childId: `c${number}`, childRunId: `r${number}`, definition: 'd', version: '1', inputHash: '' }
  return { type: 'child.started', at: 0, data }
}
const childFailed = (number: number): NewEvent => ({ type: 'child.failed', at: 0, data: { number, error: spent } })
const cancelled = (number: number): NewEvent => ({ type: 'task.cancelled', at: 0, data: { number, reason: 'x' } })
const call = (number: number, outcome: 'ok' | 'refused'): NewEvent => {
  const cost = { status: 'zero', picoDollars: '0' } as const
  const entry = { target: 'x:y', outcome, cost, usage: noUsage, startedAt: 0, durationMs: 0, try: 1 }
  return { type: 'call.settled', at: 0, data: { number, attempt: 1, call: `${number}`, entry } }
}
const failed = (error: ErrorData, resumeAfter: number): NewEvent => {
  return { type: 'run.failed', at: 0, data: { error, unknownSteps: [], resumeAfter } }
}
const reopened = (rewind: Rewind): NewEvent => {
  return { type: 'run.reopened', at: 9, data: { limits: {}, by: 'operator', rewind } }
}

function log(...events: readonly NewEvent[]): readonly LogEvent[] {
  // A seq makes a new event one of the log.
  return [created, started, ...events].map((event, index) => ({ ...event, seq: index + 1 }) as LogEvent)
}

test('a refusal by a budget is found however deep an error tells it', () => {
  expect(isBudgetStop(other)).toBe(false)
  expect(isBudgetStop({ ...other, cause: spent })).toBe(true)
  expect(isBudgetStop({ ...other, details: { failed: [{ task: 'a', code: 'budget.exceeded' }] } })).toBe(true)
  expect(isBudgetStop({ ...other, details: { code: 'other', list: [1, null] } })).toBe(false)
})

test('a run goes on from its first refusal, with its children that were refused', () => {
  const end = failed(other, 9)
  const whole = log(child(1), child(2), childFailed(1), step(3, 'read'), done(3), childFailed(2), end)
  expect(planRewind(whole)).toEqual({ before: 5, number: 3, children: ['r1', 'r2'], cancelled: [] })
})

test('a child that was refused while its run was ending already goes on as well', () => {
  const ending: NewEvent = { type: 'run.ending', at: 0, data: { end: { kind: 'failed', error: spent } } }
  const whole = log(child(1), step(2, 'idempotent'), refused(2), ending, childFailed(1), failed(spent, 6))
  expect(planRewind(whole)).toEqual({ before: 5, number: 2, children: ['r1'], cancelled: [] })
})

test('a child whose cancel is undone may have been refused before it', () => {
  const whole = log(child(1), step(2, 'idempotent'), refused(2), cancelled(1), failed(spent, 5))
  expect(planRewind(whole)).toEqual({ before: 5, number: 2, children: [], cancelled: ['r1'] })
})

test('a refusal that came while a cancelled run was ending is undone with the cancel', () => {
  const asked: NewEvent = { type: 'run.cancel_requested', at: 0, data: { reason: 'x', source: 'parent' } }
  const ended: NewEvent = { type: 'run.cancelled', at: 0, data: { reason: 'x', unknownSteps: [], resumeAfter: 3 } }
  const late = log(step(1, 'idempotent'), asked, refused(1), ended)
  expect(planRewind(late)).toEqual({ before: 4, number: 1, children: [], cancelled: [] })
  const after = [...late, { ...reopened({ before: 4, number: 1, children: {} }), seq: 7 } as LogEvent]
  expect(effectiveEvents(after).map(({ type }) => type)).toEqual(
    'run.created run.started step.started run.reopened attempt.failed'.split(' '),
  )
  expect(planRewind(log(step(1, 'idempotent'), asked, done(1), ended))).toBeUndefined()
  expect(planRewind(log(step(1, 'idempotent'), asked, step(2, 'once'), refused(1), ended))).toBeUndefined()
})

test('a failure stays when something that costs money, or must not be repeated, began behind it', () => {
  const ends = [
    [step(2, 'idempotent'), done(2)],
    [step(2, 'once'), refused(2)],
    [step(2, 'read'), call(2, 'ok'), done(2)],
  ] as const
  for (const behind of ends)
    expect(planRewind(log(child(1), childFailed(1), ...behind, failed(other, 9)))).toBeUndefined()
  const free = log(child(1), childFailed(1), step(2, 'idempotent'), call(2, 'refused'), refused(2), failed(spent, 9))
  expect(planRewind(free)?.before).toBe(4)
})

test('the last failure is undone where an earlier one must stay', () => {
  const whole = log(
    child(1),
    childFailed(1),
    step(2, 'idempotent'),
    done(2),
    child(3),
    childFailed(3),
    failed(spent, 8),
  )
  expect(planRewind(whole)).toEqual({ before: 8, number: 3, children: ['r3'], cancelled: [] })
})

test('a step that must not be repeated is tried again only if nothing was sent', () => {
  expect(planRewind(log(step(1, 'once'), refused(1), failed(spent, 4)))).toBeUndefined()
  expect(planRewind(log(step(1, 'once'), refused(1, { ...spent, notSent: true }), failed(spent, 4)))?.before).toBe(4)
})

test('what the code no longer sees is no reason: earlier segments, and what came after the end began', () => {
  const continued: NewEvent = { type: 'run.continued', at: 0, data: { state: { value: 1 }, seed: 'x', patches: [] } }
  expect(planRewind(log(child(1), childFailed(1), continued, failed(other, 5)))).toBeUndefined()
  const ending: NewEvent = { type: 'run.ending', at: 0, data: { end: { kind: 'failed', error: other } } }
  expect(planRewind(log(child(1), ending, childFailed(1), failed(other, 3)))).toBeUndefined()
  expect(planRewind(log(done(7), refused(8), failed(other, 3)))).toBeUndefined()
})

test('a rewound log keeps outcomes of what had begun before, in their order, and numbers go on', () => {
  const attempt: NewEvent = { type: 'attempt.started', at: 0, data: { number: 2, attempt: 2 } }
  const report: NewEvent = { type: 'progress.reported', at: 0, data: { message: 'half' } }
  const events = log(
    step(1, 'idempotent'), // 3
    step(2, 'idempotent'), // 4
    child(3), // 5
    child(4), // 6
    step(5, 'idempotent'), // 7
    refused(1), // 8
    attempt, // 9
    step(6, 'read'), // 10
    report,
    done(2), // 12
    done(6),
    childFailed(3),
    cancelled(4),
    refused(5, other), // 16
    failed(other, 16),
    reopened({ before: 8, number: 6, children: { r3: 4 } }), // 18
  )
  const kept = effectiveEvents(events).map(({ type, seq }) => `${seq} ${type}`)
  expect(kept.slice(7)).toEqual([
    '9 attempt.started',
    '18 run.reopened',
    '8 attempt.failed',
    '12 step.completed',
    '16 step.failed',
  ])
  const recording = readRecording(events)
  expect(recording.segment?.jumps).toEqual([{ after: 0, number: 6 }])
  expect(recording.segment?.deliveries.map(({ seq }) => seq)).toEqual([12, 16])
  expect([recording.lastSeq, recording.isRewound, recording.undoneChildren.get('r3')]).toEqual([18, true, 4])
})

test('a second reopening that goes further back keeps what the first one raised, and the numbers of both', () => {
  const first = reopened({ before: 6, number: 2, children: {} })
  const events = log(child(1), child(2), childFailed(1), childFailed(2), failed(spent, 6), first)
  const again = [...events, ...log(childFailed(2), failed(spent, 9)).slice(2)].map((event, index) => {
    return { ...event, seq: index + 1 } as LogEvent
  })
  const plan = planRewind(effectiveEvents(again))
  expect(plan).toMatchObject({ before: 5, number: 2 })
  const last = { ...reopened({ before: 5, number: 2, children: {} }), seq: again.length + 1 } as LogEvent
  const recording = readRecording([...again, last])
  expect(recording.segment?.jumps).toEqual([{ after: 0, number: 2 }])
  expect(recording.segment?.deliveries).toEqual([])
})

test('numbers of a new segment go on behind what was taken back', () => {
  const continued: NewEvent = { type: 'run.continued', at: 0, data: { state: { value: 1 }, seed: 'x', patches: [] } }
  const rewind = reopened({ before: 4, number: 7, children: {} })
  const recording = readRecording(log(child(1), childFailed(1), failed(spent, 4), rewind, cancelled(1), continued))
  expect(recording.segment?.numberBefore).toBe(7)
})

test('a call that its process took with it is booked for what is certain of it', () => {
  const lost: LostCall = {
    at: 5,
    number: 1,
    attempt: 1,
    call: 'c',
    target: 'x:y',
    key: 'main',
    picoDollars: '9',
    try: 2,
  }
  const seen = [
    lostEntry(lost, '7', 9),
    lostEntry({ ...lost, picoDollars: null }, undefined, 9),
    lostEntry({ ...lost, picoDollars: null }, '3', 9),
    lostEntry(lost, undefined, 9),
    lostEntry({ ...lost, picoDollars: '0' }, undefined, 3),
  ]
  expect(seen.map(({ outcome, cost, durationMs }) => [outcome, cost.status, cost.picoDollars, durationMs])).toEqual([
    ['unknown', 'unknown', '7', 4],
    ['unknown', 'unpriced', null, 4],
    ['unknown', 'unpriced', null, 4],
    ['refused', 'zero', '0', 4],
    ['unknown', 'zero', '0', 0],
  ])
  expect(seen[0]).toMatchObject({ key: 'main', try: 2 })
})

test('money narrows like every limit, and falls back where nobody says any', () => {
  const fallback = { fallbackLimits: { picoDollars: '100' } }
  expect(startLimits(fallback).picoDollars).toBe('100')
  expect(startLimits({ ...fallback, limits: { picoDollars: '50' } }).picoDollars).toBe('50')
  expect(startLimits(fallback, { picoDollars: '7' }).picoDollars).toBe('7')
  const of = (parent?: string, own?: string, asked?: string) =>
    narrowLimits(
      { activeMs: 1, ...(parent === undefined ? {} : { picoDollars: parent }) },
      { ...fallback, ...(own === undefined ? {} : { limits: { picoDollars: own } }) },
      asked === undefined ? {} : { picoDollars: asked },
    ).picoDollars
  expect([of(), of('500'), of('500', '60'), of('50', '60'), of('500', '60', '9'), of(undefined, '60')]).toEqual([
    '100',
    '500',
    '60',
    '50',
    '9',
    '60',
  ])
  expect(narrowLimits({ activeMs: 1 })).toEqual({ activeMs: 1 })
})

test('only errors of the codes that a policy names are tried again', () => {
  const policy = { maxAttempts: 3, initialMs: 1, factor: 1, maxMs: 1, codes: ['model.interrupted'] }
  const error = { code: 'model.interrupted', message: '', retryable: true }
  const random = { next: () => 0, id: () => '' }
  expect(retryDelay(policy, 'idempotent', error, 1, random)).toBeGreaterThan(0)
  expect(retryDelay(policy, 'idempotent', { ...error, code: 'model.timeout' }, 1, random)).toBeUndefined()
})

test('calls of steps that the log does not hold, and reopenings for other reasons, change no plan', () => {
  const announced: NewEvent = {
    type: 'call.started',
    at: 0,
    data: { number: 3, attempt: 1, call: '3', target: 'x:y', picoDollars: '1', try: 1 },
  }
  const other: NewEvent = { type: 'run.reopened', at: 0, data: { limits: {}, by: 'operator' } }
  const events = log(child(1), failed(spent, 3), other, announced, childFailed(1), failed(spent, 7))
  expect(planRewind(effectiveEvents(events))).toEqual({ before: 7, number: 3, children: ['r1'], cancelled: [] })
  const rewound = [...events, { ...reopened({ before: 7, number: 3, children: {} }), seq: 9 } as LogEvent]
  const settled = [...rewound, { ...call(3, 'ok'), seq: 10 } as LogEvent]
  expect([...readRecording(rewound).lostCalls.keys()]).toEqual(['3'])
  expect(readRecording(settled).lostCalls.size).toBe(0)
})

test('a call behind the refusal that is undone stays in the log', () => {
  const announced: NewEvent = {
    type: 'call.started',
    at: 0,
    data: { number: 2, attempt: 1, call: '2', target: 'x:y', picoDollars: '1', try: 1 },
  }
  const events = log(child(1), childFailed(1), step(2, 'read'), announced, call(2, 'refused'), failed(spent, 7))
  const rewound = [...events, { ...reopened({ before: 4, number: 2, children: {} }), seq: 9 } as LogEvent]
  expect(
    effectiveEvents(rewound)
      .map(({ type }) => type)
      .slice(3),
  ).toEqual(['call.started', 'call.settled', 'run.reopened'])
})

test('a failure whose step the log does not hold is tried once more like any other', () => {
  const other: NewEvent = { type: 'run.reopened', at: 3, data: { limits: {}, by: 'operator' } }
  const kept = effectiveEvents(log(refused(9, { ...spent }), failed(spent, 3), other))
  expect(kept.map(({ type }) => type).slice(2)).toEqual(['attempt.failed', 'run.reopened'])
})

test('the last failure of a step that must not be repeated is tried once more only if nothing was sent', () => {
  const again: NewEvent = { type: 'run.reopened', at: 3, data: { limits: {}, by: 'operator' } }
  const kinds = (error: ErrorData) =>
    effectiveEvents(log(step(1, 'once'), refused(1, error), failed(error, 4), again)).map(({ type }) => type)
  expect(kinds(other)[3]).toBe('step.failed')
  expect(kinds({ ...other, notSent: true })[3]).toBe('attempt.failed')
})
