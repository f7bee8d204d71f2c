import { expect, test } from 'vitest'
import { change, schedule, stateOf, wholeChange } from '../../test/begun-scheduler.ts'
import { ScheduleWorld } from '../../test/schedule-world.ts'
import type { LogEvent } from '../log/events.ts'
import { foldScheduler } from './scheduler-fold.ts'
import { schedulerDefinition } from './scheduler.ts'

test('the first one begins when its schedule was decided on', async () => {
  const world = new ScheduleWorld()
  const { before: _none, ...first } = wholeChange({ schedule: { ...schedule, missed: 'all' }, at: -1_500 })
  const engine = change(world, first)
  await engine.run(1_500)
  expect([world.started, world.replaced]).toEqual([[-1_000, 0, 1_000], []])
})

test('it begins where the one before was when that one had come to its end', async () => {
  const world = new ScheduleWorld()
  const last = (at: number) => ({ at, runId: world.fireRunId(schedule, at) })
  let looked = 0
  // The one before goes on for a while.
  world.past = () => ({ isOver: ++looked > 2, state: { schedule, after: looked * 1_000, last: last(looked * 1_000) } })
  const engine = change(world, wholeChange())
  await engine.run(59)
  expect([looked, stateOf(engine)]).toEqual([1, undefined])
  await engine.run(500)
  expect(stateOf(engine)).toMatchObject({ after: 3_000, last: last(3_000), nextAt: 4_000 })
})

test('for one that never comes to its end it waits 15 seconds', async () => {
  const world = new ScheduleWorld()
  let looked = 0
  world.past = () => ({ isOver: false, state: { schedule, after: ++looked } })
  const engine = change(world, wholeChange())
  await engine.run(15_200)
  expect([looked, stateOf(engine)]).toEqual([8, undefined])
  await engine.run(200)
  expect([looked, stateOf(engine)?.nextAt]).toEqual([9, 16_000])
})

test('after one that is gone it begins when its change was decided on', async () => {
  const world = new ScheduleWorld()
  const engine = change(world, wholeChange({ schedule: { ...schedule, missed: 'all' }, at: -2_500 }))
  await engine.run(0)
  expect(world.started).toEqual([-2_000, -1_000, 0])
})

test.each([
  [null],
  [7],
  [{}],
  [{ schedule: null }],
  [{ kind: 'sing', schedule: null, at: 1 }],
  [{ kind: 'pause', at: 1 }],
  [{ kind: 'pause', schedule: null, at: '1' }],
  [{ kind: 'pause', schedule: null, at: 1, before: 1 }],
])('a beginning that is none is refused: %j', (value) => {
  expect(schedulerDefinition('work', '1', new ScheduleWorld()).input.safeParse(value).success).toBe(false)
})

test('logs of others, and of schedulers that have not taken over, tell no state', () => {
  const log = (...events: readonly object[]): readonly LogEvent[] =>
    // What the fold looks at of an event.
    events.map((event, index) => ({ seq: index + 1, at: 0, ...event })) as unknown as readonly LogEvent[]
  const created = (input: object) => ({ type: 'run.created', data: { input } })
  const step = (number: number, name: string, result: object) => [
    { type: 'step.started', data: { number, name } },
    { type: 'step.completed', data: { number, result } },
  ]
  expect(foldScheduler([])).toBeUndefined()
  expect(foldScheduler(log(created({ ref: { blob: 'b', bytes: 1 } })))).toBeUndefined()
  expect(foldScheduler(log({ type: 'run.started', data: {} }))).toBeUndefined()
  const made = { kind: 'schedule', before: 'old', schedule, at: 3 } as const
  const begun = [
    created({ value: made }),
    ...step(1, 'tell', { value: null }),
    ...step(2, 'take over', { value: { kind: 'waits' } }),
  ]
  expect(foldScheduler(log(...begun))).toEqual({ change: made })
  const first = { kind: 'schedule', schedule, at: 3 } as const
  expect(foldScheduler(log(created({ value: first }), ...step(1, 'other', { value: 1 })))?.state).toEqual({
    schedule,
    after: 3,
  })
  const taken = step(3, 'take over', { value: { kind: 'taken', state: null } })
  const told = step(4, 'tell', { value: null })
  expect(foldScheduler(log(...begun, ...taken, ...told))).toEqual({ change: made, state: { schedule, after: 3 } })
})
