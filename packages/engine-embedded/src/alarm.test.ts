import { createFakeScheduler } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { Alarm } from './alarm.ts'

test('it rings once at the earliest time, also one that is further off than the clock is looked at', async () => {
  const scheduler = createFakeScheduler()
  const rung: number[] = []
  const alarm = new Alarm(scheduler, () => rung.push(scheduler.now()))
  const begin = scheduler.now()
  alarm.set(undefined)
  alarm.set(begin + 500_000)
  alarm.set(begin + 200_000)
  alarm.set(begin + 300_000)
  await scheduler.advance(600_000)
  expect(rung).toEqual([begin + 200_001])
})

test('after a sleep of the machine it rings within a minute, not when its timer would', async () => {
  const scheduler = createFakeScheduler()
  let rung = 0
  const alarm = new Alarm(scheduler, () => rung++)
  alarm.set(scheduler.now() + 8 * 3_600_000)
  await scheduler.advance(10_000)
  scheduler.jump(9 * 3_600_000)
  await scheduler.advance(60_000)
  expect(rung).toBe(1)
})

test('one that is stopped does not ring', async () => {
  const scheduler = createFakeScheduler()
  let rung = 0
  const alarm = new Alarm(scheduler, () => rung++)
  alarm.set(scheduler.now() + 10)
  alarm.stop()
  await scheduler.advance(100)
  expect(rung).toBe(0)
})
