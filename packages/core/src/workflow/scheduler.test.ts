import { expect, test } from 'vitest'
import { begin, fireOf, schedule, stateOf } from '../../test/begun-scheduler.ts'
import { every, ScheduleWorld } from '../../test/schedule-world.ts'
import type { SmallEngine } from '../../test/small-engine.ts'
import { MeepoError } from '../base/errors.ts'
import type { LogEvent } from '../log/events.ts'
import { foldScheduler } from './scheduler-fold.ts'
import type { SchedulerState } from './scheduler-state.ts'
import { replacedSignal } from './scheduler.ts'

test('each fire is started in its time', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, { schedule })
  await engine.run(0)
  expect(world.started).toEqual([])
  expect(stateOf(engine)).toMatchObject({ nextAt: 1_000 })
  await engine.run(3_500)
  expect(world.started).toEqual([1_000, 2_000, 3_000])
  expect(stateOf(engine)).toMatchObject({ nextAt: 4_000, last: { at: 3_000 }, after: 3_000 })
})

test('a scheduler takes up where another one was', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, { schedule: { ...schedule, missed: 'all' }, after: -3_500 })
  await engine.run(0)
  expect(world.started).toEqual([-3_000, -2_000, -1_000, 0])
})

test.each<[string, Partial<SchedulerState>, number]>([
  ['without a schedule', { schedule: null }, 0],
  ['while it is paused', { isPaused: true }, 0],
  ['when its schedule has come to its end', {}, 2],
])('%s it waits for a successor, however long', async (_when, input, fires) => {
  const world = new ScheduleWorld()
  world.calendar = every(1_000, 2_000)
  const engine = begin(world, input)
  await engine.run(100_000_000)
  expect(world.started).toHaveLength(fires)
  expect(engine.isOver).toBe(false)
  expect(stateOf(engine)).not.toHaveProperty('nextAt')
  engine.signal(replacedSignal, true)
  await engine.run(0)
  expect(engine.record()).toMatchObject({ status: 'completed', result: null })
})

test('it tells the one before first, whatever it is for itself', async () => {
  for (const input of [{}, { schedule: null }, { isPaused: true } as const]) {
    const world = new ScheduleWorld()
    const engine = begin(world, input)
    await engine.run(0)
    expect(world.replaced).toEqual(['old'])
    expect(stateOf(engine)).not.toHaveProperty('before')
  }
})

test('it ends as soon as it is told of its successor', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, {})
  await engine.run(1_500)
  engine.signal(replacedSignal, true)
  await engine.run(0)
  expect(engine.record()).toMatchObject({ status: 'completed' })
  expect(world.started).toEqual([1_000])
})

test('a signal of another form fails it, and what it knew stays in its log', async () => {
  const engine = begin(new ScheduleWorld(), {})
  await engine.run(1_500)
  engine.signal(replacedSignal, 7)
  await engine.run(0)
  expect(engine.record()).toMatchObject({ status: 'failed', error: { code: 'input.invalid' } })
  expect(stateOf(engine)).toMatchObject({ after: 1_000, last: { at: 1_000 } })
})

test('it ends without a fire when it has a successor', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, { schedule })
  await engine.run(1_500)
  world.runs.set(world.nextId('root'), 'completed')
  await engine.run(1_000)
  expect(world.started).toEqual([1_000])
  expect(engine.isOver).toBe(true)
  expect(stateOf(engine)).toMatchObject({ after: 1_000 })
})

test('after a hundred rounds a successor goes on from there', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, { schedule })
  await engine.run(200_000)
  expect(engine.isOver).toBe(true)
  expect(world.started).toHaveLength(99)
  expect(world.successors).toEqual([{ kind: 'hand over', before: 'root', schedule, at: 99_000 }])
})

test('where something else has the place of the successor, it goes on itself', async () => {
  const world = new ScheduleWorld()
  world.isBlocked = true
  const engine = begin(world, {})
  await engine.run(250_500)
  expect(engine.isOver).toBe(false)
  expect(world.started).toEqual(Array.from({ length: 250 }, (_, index) => (index + 1) * 1_000))
  expect(stateOf(engine)).toMatchObject({ after: 250_000, last: { at: 250_000 }, nextAt: 251_000 })
  world.isBlocked = false
  await engine.run(100_000)
  expect(world.successors).toMatchObject([{ kind: 'hand over', at: 299_000 }])
  expect(engine.isOver).toBe(true)
})

test('a store that fails at the hand-over is waited for', async () => {
  const world = new ScheduleWorld()
  let failures = 0
  const succeed = world.succeed.bind(world)
  world.succeed = async (...given) => {
    if (++failures < 3) throw new MeepoError('store.failed', 'not now')
    return succeed(...given)
  }
  const engine = begin(world, {})
  await engine.run(200_000)
  expect(world.successors).toHaveLength(1)
  expect(engine.isOver).toBe(true)
})

test('what a hand-over cannot be done for at all fails it', async () => {
  const world = new ScheduleWorld()
  world.succeed = async () => {
    throw new MeepoError('definition.unknown', 'what is that')
  }
  const engine = begin(world, {})
  await engine.run(200_000)
  expect(engine.record()).toMatchObject({ status: 'failed', error: { code: 'definition.unknown' } })
})

test('a fire whose run cannot be started is passed over, and said so', async () => {
  const world = new ScheduleWorld()
  world.refuse = (at) => {
    if (at === 2_000) throw new MeepoError('input.invalid', 'expected a text')
  }
  const engine = begin(world, { schedule })
  await engine.run(3_100)
  expect(world.started).toEqual([1_000, 3_000])
  expect(stateOf(engine)?.lastPassed).toMatchObject({ at: 2_000, why: 'failed', error: { code: 'input.invalid' } })
})

test('what passes is waited for: the store, or an engine that stops', async () => {
  const world = new ScheduleWorld()
  let failures = 0
  world.refuse = () => {
    if (++failures < 6) throw new MeepoError(failures < 3 ? 'engine.stopped' : 'store.failed', 'not now')
  }
  const engine = begin(world, { schedule: { ...schedule, missed: 'all' } })
  await engine.run(120_000)
  expect(world.started.slice(0, 3)).toEqual([1_000, 2_000, 3_000])
  expect(new Set(world.started).size).toBe(world.started.length)
})

test('a schedule that this process cannot read ends its scheduler with the reason', async () => {
  const world = new ScheduleWorld()
  world.times = () => {
    throw new MeepoError('schedule.invalid', 'there is no such time zone')
  }
  const engine = begin(world, { schedule })
  await engine.run(0)
  expect(engine.record()).toMatchObject({ status: 'failed', error: { code: 'schedule.invalid' } })
})

test.each(['queued', 'running', 'waiting'] as const)(
  'no overlap: a fire is passed over while the last run is %s',
  async (status) => {
    const world = new ScheduleWorld()
    const engine = begin(world, { schedule: { ...schedule, overlap: 'skip' } })
    await engine.run(1_500)
    const first = world.fireRunId(schedule, 1_000)
    world.runs.set(first, status)
    await engine.run(2_000)
    expect(world.started).toEqual([1_000])
    expect(stateOf(engine)).toMatchObject({ last: { runId: first }, lastPassed: { at: 3_000, why: 'overlap' } })
    world.runs.set(first, 'failed')
    await engine.run(1_000)
    expect(world.started).toEqual([1_000, 4_000])
    world.runs.delete(world.fireRunId(schedule, 4_000))
    await engine.run(1_000)
    expect(world.started).toEqual([1_000, 4_000, 5_000])
  },
)

test('a fire of skip that nobody could start in time is passed over', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, { schedule: { ...schedule, missed: 'skip', graceMs: 100 }, after: -5_000 })
  await engine.run(0)
  expect(world.started).toEqual([0])
  world.clock = () => 1_101
  await engine.run(1_000)
  expect(stateOf(engine)?.lastPassed).toMatchObject({ at: 1_000, why: 'late' })
})

test('what was missed and dropped is told: the last of it, and how many', async () => {
  for (const [input, started, missed] of [
    [{ schedule }, [0], { at: -1_000, why: 'missed', count: 3 }],
    [{ schedule: { ...schedule, missed: 'all', maxMissed: 2 } }, [-1_000, 0], { at: -2_000, why: 'missed', count: 2 }],
  ] as const) {
    const world = new ScheduleWorld()
    const engine = begin(world, { ...input, after: -3_500 })
    await engine.run(3_500)
    expect(world.started).toEqual([...started, 1_000, 2_000, 3_000])
    expect(stateOf(engine)).toMatchObject({ last: { at: 3_000 }, lastPassed: missed })
  }
})

test('a clock that stands before what is decided on repeats no fire', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, { after: 5_500 })
  await engine.run(0)
  expect(stateOf(engine)).toMatchObject({ after: 5_500, nextAt: 6_000 })
  await engine.run(7_000)
  expect(world.started).toEqual([6_000, 7_000])
})

test('fires that one before may have started count if they have runs, and are started if they have none', async () => {
  const world = new ScheduleWorld()
  const [first, second, third] = [-3, -2, -1].map((at) => fireOf(at * 1_000, { doubt: 'start' }))
  world.runs.set(second!.runId, 'running')
  const engine = begin(world, { pending: [first!, second!, third!], schedule: { ...schedule, overlap: 'skip' } })
  await engine.run(0)
  expect(world.started).toEqual([-3_000])
  expect(stateOf(engine)).toEqual({
    schedule: { ...schedule, overlap: 'skip' },
    after: 0,
    last: { at: -2_000, runId: second!.runId },
    lastPassed: { at: -1_000, why: 'overlap' },
    nextAt: 1_000,
  })
})

test('those that are given up are not started, and their runs count nevertheless', async () => {
  const world = new ScheduleWorld()
  const [first, second] = [-2, -1].map((at) => fireOf(at * 1_000, { doubt: 'look' }))
  world.runs.set(first!.runId, 'waiting')
  const engine = begin(world, { pending: [first!, second!], schedule: { ...schedule, overlap: 'skip' } })
  await engine.run(1_500)
  expect(world.started).toEqual([])
  expect(stateOf(engine)).toMatchObject({ last: { at: -2_000 }, lastPassed: { at: 1_000, why: 'overlap' } })
})

test('one that was told of a successor between decision and start leaves the fire to it', async () => {
  const world = new ScheduleWorld()
  let asked = 0
  world.isReplaced = async () => ++asked > 2
  const engine = begin(world, {})
  await engine.run(1_500)
  expect(world.started).toEqual([])
  expect(engine.isOver).toBe(true)
  expect(stateOf(engine)).toEqual({ schedule, after: 1_000, pending: [fireOf(1_000)], nextAt: 2_000 })
})

test.each<[number, number, boolean]>([
  [5_000, 1, true],
  [10_001, 2, false],
])(
  'a fire that may have been started is not started again when its run may be forgotten: kept for %i ms',
  async (keptMs, starts, isUnknown) => {
    const isCut = (name: string) => (writes: SmallEngine['writes']) =>
      writes.findLastIndex(({ event }) => event.type === 'step.started' && event.data.name === name) + 1
    const world = new ScheduleWorld()
    world.keptMs = keptMs
    world.calendar = every(10_000)
    const first = begin(world, {})
    await first.run(10_000)
    // It died behind the start, and everything was down until the run was forgotten.
    const writes = first.writes.slice(0, isCut('fire')(first.writes))
    world.runs.clear()
    const again = begin(world, {}, writes)
    world.clock = () => again.machine.scheduler.now() + 10_000
    await again.run(0)
    expect(world.started).toEqual(Array.from({ length: starts }, () => 10_000))
    const passed = stateOf(again)?.lastPassed
    expect(passed).toEqual(isUnknown ? { at: 10_000, why: 'unknown' } : undefined)
  },
)

test('one that was decided on and surely not started is started, however late it is', async () => {
  const world = new ScheduleWorld()
  world.keptMs = 5_000
  world.calendar = every(10_000)
  const first = begin(world, {})
  await first.run(10_000)
  const decided = first.writes.findLastIndex(({ event }) => event.type === 'step.started' && event.data.name === 'fire')
  const before = new ScheduleWorld()
  before.keptMs = 5_000
  before.calendar = every(10_000)
  const again = begin(before, {}, first.writes.slice(0, decided))
  before.clock = () => again.machine.scheduler.now() + 10_000
  await again.run(0)
  expect(before.started).toEqual([10_000])
})

test('crashed at every place of its log, it starts every fire once', async () => {
  for (const missed of ['all', 'latest'] as const) {
    const input = { schedule: { ...schedule, missed } }
    const whole = begin(new ScheduleWorld(), input)
    await whole.run(5_500)
    for (let position = 1; position < whole.writes.length; position++) {
      const world = new ScheduleWorld()
      await begin(world, input).run(5_500)
      // The runs are there; of what the scheduler knows of them a part is lost.
      const again = begin(world, input, whole.writes.slice(0, position))
      await again.run(8_500 - again.machine.scheduler.now())
      expect(world.started, `${missed} after ${position}`).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((at) => at * 1_000))
    }
  }
})

test('whoever follows one that was cut off anywhere knows what it may have started', async () => {
  const whole = begin(new ScheduleWorld(), {})
  await whole.run(3_500)
  for (let position = 1; position < whole.writes.length; position++) {
    const events = whole.writes.slice(0, position).map(({ event }, index) => ({ ...event, seq: index + 1 }) as LogEvent)
    const { state } = foldScheduler(events)!
    // Then its change is still to be made to where the one before stands.
    if (!state) continue
    const { after, pending = [], last } = state
    const isStarted = events.some(({ type, data }) => type === 'step.started' && data.name === 'fire')
    const known = [last?.at ?? 0, ...pending.map(({ at }) => at)]
    expect(Math.max(...known), `after ${position}`).toBe(Math.floor(after / 1_000) * 1_000)
    if (isStarted) expect(known.length).toBeGreaterThan(0)
  }
})
