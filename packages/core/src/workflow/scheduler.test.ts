import { expect, test } from 'vitest'
import { every, ScheduleWorld } from '../../test/schedule-world.ts'
import { SmallEngine } from '../../test/small-engine.ts'
import { MeepoError } from '../base/errors.ts'
import type { LogEvent } from '../log/events.ts'
import { foldScheduler, type SchedulerState } from './scheduler-state.ts'
import { schedulerDefinition, type SchedulerInput } from './scheduler.ts'

const schedule = { cron: '* * * * * *' }

/** A scheduler on a clock that stands still. */
function begin(world: ScheduleWorld, input: SchedulerInput): SmallEngine {
  const engine = SmallEngine.start(schedulerDefinition('work', world), input)
  world.clock = () => engine.machine.scheduler.now()
  return engine
}

function stateOf(engine: SmallEngine): SchedulerState | undefined {
  return foldScheduler(engine.log().map((event, index) => ({ ...event, seq: index + 1 }) as LogEvent))
}

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

test('without a schedule it ends at once', async () => {
  const engine = begin(new ScheduleWorld(), { schedule: null })
  await engine.run(0)
  expect(engine.record()).toMatchObject({ status: 'completed', result: null })
})

test('a schedule that has no next fire comes to its end', async () => {
  const world = new ScheduleWorld()
  world.calendar = every(1_000, 2_000)
  const engine = begin(world, { schedule })
  await engine.run(5_000)
  expect(world.started).toEqual([1_000, 2_000])
  expect(engine.isOver).toBe(true)
  expect(stateOf(engine)).not.toHaveProperty('nextAt')
})

test('it ends without a fire when it has a successor', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, { schedule })
  await engine.run(1_500)
  world.runs.set(world.nextSchedulerId('root'), 'completed')
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
  expect(world.successors).toEqual([
    { schedule, after: 99_000, last: { at: 99_000, runId: world.fireRunId(schedule, 99_000) } },
  ])
  const quiet = new ScheduleWorld()
  quiet.refuse = () => {
    throw new MeepoError('input.invalid', 'no')
  }
  await begin(quiet, { schedule }).run(200_000)
  expect(quiet.successors).toEqual([{ schedule, after: 99_000 }])
})

test('while it is paused nothing is started, and what was missed is not made up for', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, { schedule, isPaused: true })
  await engine.run(10_000)
  expect(stateOf(engine)).toEqual({ schedule, isPaused: true })
  engine.signal('resume', { at: 9_500 })
  await engine.run(600)
  expect(world.started).toEqual([10_000])
  expect(stateOf(engine)).not.toHaveProperty('isPaused')
  engine.signal('other', 1)
  await engine.run(0)
  expect(stateOf(engine)).toMatchObject({ last: { at: 10_000 } })
})

test.each([[null], ['x'], [{}], [{ at: 'soon' }]])('a resume that says no time is refused: %j', async (value) => {
  const engine = begin(new ScheduleWorld(), { schedule, isPaused: true })
  engine.signal('resume', value)
  await engine.run(0)
  expect(engine.record()).toMatchObject({ status: 'failed', error: { code: 'input.invalid' } })
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

test('a fire that may have been started, and whose run may be forgotten, is not started again', async () => {
  for (const [keptMs, expected] of [
    [5_000, [1_000, 11_000]],
    [10_001, [1_000, 1_000, 11_000]],
  ] as const) {
    const world = new ScheduleWorld()
    world.keptMs = keptMs
    world.calendar = {
      next: (after) => every(10_000).next(after - 1_000)! + 1_000,
      upTo: (at, count) =>
        every(10_000)
          .upTo(at - 1_000, count)
          .map((each) => each + 1_000),
    }
    const definition = schedulerDefinition('work', world)
    const first = begin(world, { schedule })
    await first.run(1_000)
    const started = first.writes.findLastIndex(({ event }) => event.type === 'step.started')
    // It died behind the start, and everything was down until the run was forgotten.
    world.runs.clear()
    const again = SmallEngine.start(definition, { schedule }, first.writes.slice(0, started + 1))
    world.clock = () => again.machine.scheduler.now() + 10_000
    await again.run(0)
    world.clock = () => again.machine.scheduler.now()
    await again.run(10_500)
    expect(world.started, String(keptMs)).toEqual(expected)
  }
})

test('crashed at every place of its log, it starts every fire once', async () => {
  for (const missed of ['all', 'latest'] as const) {
    const input = { schedule: { ...schedule, missed }, after: 0 }
    const whole = begin(new ScheduleWorld(), input)
    await whole.run(5_500)
    for (let position = 1; position < whole.writes.length; position++) {
      const world = new ScheduleWorld()
      const definition = schedulerDefinition('work', world)
      const first = SmallEngine.start(definition, input)
      world.clock = () => first.machine.scheduler.now()
      await first.run(5_500)
      // The runs are there; of what the scheduler knows of them a part is lost.
      const again = SmallEngine.start(definition, input, whole.writes.slice(0, position))
      world.clock = () => again.machine.scheduler.now()
      await again.run(8_500 - again.machine.scheduler.now())
      expect(world.started, `${missed} after ${position}`).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((at) => at * 1_000))
    }
  }
})

test.each([[null], [7], [{}]])('a beginning that is none is refused: %j', (value) => {
  expect(schedulerDefinition('work', new ScheduleWorld()).input.safeParse(value).success).toBe(false)
})

test('logs of others, and of schedulers that have not begun, say nothing', () => {
  expect(foldScheduler([])).toBeUndefined()
  const created = { seq: 1, at: 0, type: 'run.created', data: { input: { ref: { blob: 'b', bytes: 1 } } } }
  // Half an event is enough for the fold.
  const signal = { seq: 2, at: 0, type: 'signal.received', data: { name: 'resume' } }
  const step = { seq: 3, at: 0, type: 'step.started', data: { number: 1, name: 'fire' } }
  const done = { seq: 4, at: 0, type: 'step.completed', data: { number: 1, result: { value: { kind: 'replaced' } } } }
  expect(foldScheduler([created, signal, step, done] as unknown as LogEvent[])).toBeUndefined()
})
