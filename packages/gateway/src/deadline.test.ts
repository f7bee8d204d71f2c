import { createFakeScheduler } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { Deadline } from './deadline.ts'

test('a limit counts running time from its last touch, and a jump of the wall clock ends nothing', async () => {
  const scheduler = createFakeScheduler()
  const deadline = new Deadline(new AbortController().signal, 1_000, scheduler)
  scheduler.jump(3_600_000)
  await scheduler.advance(900)
  expect(deadline.expired).toBeUndefined()
  deadline.touch()
  await scheduler.advance(900)
  expect(deadline.expired).toBeUndefined()
  await scheduler.advance(200)
  expect(deadline.expired).toBe('answer')
  expect(deadline.signal.aborted).toBe(true)
})

test('another limit replaces the one in force, and a closed one ends nothing', async () => {
  const scheduler = createFakeScheduler()
  const deadline = new Deadline(new AbortController().signal, 1_000, scheduler)
  deadline.limit('idle', 50)
  await scheduler.advance(60)
  expect(deadline.expired).toBe('idle')
  const closed = new Deadline(new AbortController().signal, 1_000, scheduler)
  closed.close(true)
  expect(scheduler.timers()).toBe(0)
  await scheduler.advance(2_000)
  expect([closed.expired, closed.signal.aborted]).toEqual([undefined, false])
})
