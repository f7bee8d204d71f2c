import { expect, test } from 'vitest'
import { begin, fireOf, schedule, stateOf } from '../../test/begun-scheduler.ts'
import { every, ScheduleWorld } from '../../test/schedule-world.ts'
import { MeepoError } from '../base/errors.ts'

test('replaced in the middle of many fires, it leaves the others to its successor, and says which', async () => {
  const world = new ScheduleWorld()
  world.refuse = (at) => {
    if (at === -2_000) throw new MeepoError('input.invalid', 'no')
    // The next one finds a successor.
    if (at === -1_000) world.runs.set(world.nextId('root'), 'queued')
  }
  const engine = begin(world, { schedule: { ...schedule, missed: 'all' }, after: -3_500 })
  await engine.run(0)
  expect(world.started).toEqual([-3_000, -1_000])
  expect(engine.isOver).toBe(true)
  expect(stateOf(engine)).toMatchObject({
    last: { at: -1_000 },
    lastPassed: { at: -2_000, why: 'failed' },
    pending: [fireOf(0)],
  })
})

test('a fire that was decided on before a long time without anybody gives way to the newest one', async () => {
  const fireAt = -90_000
  for (const [more, started] of [
    [{}, [0]],
    [{ graceMs: 90_000 }, [fireAt, 0]],
    [{ missed: 'all' }, [fireAt, 0]],
  ] as const) {
    const world = new ScheduleWorld()
    const past = { schedule: { ...schedule, ...more }, after: -500, pending: [fireOf(fireAt)] }
    const engine = begin(world, past)
    await engine.run(0)
    expect(world.started).toEqual(started)
    expect(stateOf(engine)?.lastPassed).toEqual(started.length === 1 ? { at: fireAt, why: 'missed' } : undefined)
  }
  const world = new ScheduleWorld()
  world.calendar = every(1_000, fireAt)
  await begin(world, { pending: [fireOf(fireAt)] }).run(0)
  expect(world.started).toEqual([fireAt])
})

test('whoever decides late decides for the time of then', async () => {
  const world = new ScheduleWorld()
  const engine = begin(world, {})
  await engine.run(0)
  // The decision is taken up again after a crash: what its log says is past.
  const decided = engine.writes.findLastIndex(
    ({ event }) => event.type === 'step.started' && event.data.name === 'decide',
  )
  const again = begin(world, {}, engine.writes.slice(0, decided + 1))
  world.clock = () => 7_500
  await again.run(0)
  expect(stateOf(again)).toMatchObject({ after: 7_500, last: { at: 7_000 }, lastPassed: { at: 6_000, count: 6 } })
})
