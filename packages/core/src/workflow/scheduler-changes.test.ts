import { expect, test } from 'vitest'
import type { ScheduleData } from '../graph/data/graph-data.ts'
import { applied, isResting, isSameSchedule } from './scheduler-changes.ts'
import type { SchedulerState } from './scheduler-state.ts'

const schedule = { cron: '0 7 * * *' }
const fire = { at: 90, runId: 'w90' }
const state: SchedulerState = {
  schedule,
  after: 100,
  last: { at: 80, runId: 'w80' },
  lastPassed: { at: 70, why: 'late' },
  pending: [fire],
  nextAt: 200,
}
const { nextAt: _next, ...kept } = state
const looked = [{ ...fire, doubt: 'look' }]
const unsure = [{ ...fire, doubt: 'start' }]

function changedTo(next: ScheduleData | null, before: SchedulerState, at: number): SchedulerState {
  return applied({ kind: 'schedule', schedule: next, at }, before)
}

function resumed(before: SchedulerState, at: number): SchedulerState {
  return applied({ kind: 'resume', schedule, at }, before)
}

function handedOver(before: SchedulerState): SchedulerState {
  return applied({ kind: 'hand over', schedule, at: 0 }, before)
}

test('a hand-over keeps everything, and what is pending is in doubt', () => {
  expect(handedOver(state)).toEqual({ ...kept, pending: unsure })
  expect(handedOver({ schedule, after: 1 })).toEqual({ schedule, after: 1 })
})

test.each([
  { ...schedule, missed: 'all' as const },
  { ...schedule, overlap: 'skip' as const, graceMs: 5, maxMissed: 3 },
  { ...schedule, timeZone: 'UTC', tenant: 'default' },
])('another policy keeps what was missed, and starts what is pending: %j', (next) => {
  expect(changedTo(next, state, 1_000)).toEqual({ ...kept, schedule: next, pending: unsure })
  expect(changedTo(next, { ...state, isPaused: true }, 1_000)).toMatchObject({ isPaused: true, after: 100 })
})

test.each([{ cron: '0 8 * * *' }, { ...schedule, timeZone: 'Asia/Kolkata' }, { ...schedule, tenant: 'acme' }, null])(
  'other times begin now, and no earlier than the ones before were decided on: %j',
  (next) => {
    expect(changedTo(next, state, 1_000)).toEqual({ ...kept, schedule: next, after: 1_000, pending: looked })
    expect(changedTo(next, state, 50)).toMatchObject({ after: 100 })
    expect(changedTo(next, { ...state, isPaused: true }, 1_000)).toMatchObject({ isPaused: true })
  },
)

test('a schedule that comes back after there was none begins now', () => {
  const none = changedTo(null, state, 1_000)
  expect(changedTo(schedule, none, 5_000)).toEqual({ ...kept, after: 5_000, pending: looked })
})

test('a pause and its end forget what was missed, and never set fires back', () => {
  const stopped = applied({ kind: 'pause', schedule, isPaused: true, at: 0 }, state)
  expect(stopped).toEqual({ ...kept, isPaused: true, pending: looked })
  expect(resumed(stopped, 500)).toEqual({ ...kept, after: 500, pending: looked })
  expect(resumed(stopped, 50)).toMatchObject({ after: 100 })
  expect(handedOver(stopped)).toMatchObject({ pending: looked })
})

test('schedules are the same when all that is recorded of them is', () => {
  expect(isSameSchedule(schedule, { ...schedule })).toBe(true)
  expect(isSameSchedule(null, null)).toBe(true)
  expect(isSameSchedule(schedule, null)).toBe(false)
  expect(isSameSchedule(null, schedule)).toBe(false)
  expect(isSameSchedule(schedule, { ...schedule, missed: 'all' })).toBe(false)
})

test('whoever resumes says which schedule it is', () => {
  const other = { cron: '0 9 * * *' }
  expect(applied({ kind: 'resume', schedule: other, at: 5 }, { ...state, isPaused: true })).toMatchObject({
    schedule: other,
    after: 100,
  })
})

test('without one before it begins when the change was decided on', () => {
  expect(applied({ kind: 'schedule', schedule, at: 7 }, null)).toEqual({ schedule, after: 7 })
  expect(applied({ kind: 'pause', schedule, isPaused: true, at: 7 }, null)).toEqual({
    schedule,
    after: 7,
    isPaused: true,
  })
})

test('one without a schedule rests, and one that is paused', () => {
  expect([{ schedule }, { schedule: null }, { schedule, isPaused: true } as const].map(isResting)).toEqual([
    false,
    true,
    true,
  ])
})
