import { createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { Flusher } from './flusher.ts'

function createRun(isTurnDue: boolean) {
  const run = { driver: { isTurnDue }, bufferedSince: 0, flushes: 0, flushDirty: () => void run.flushes++ }
  return run
}

test('events that nothing waits for are flushed after a short while, once', async () => {
  const { scheduler } = createTestMachine()
  const flusher = new Flusher(scheduler)
  const run = createRun(false)
  flusher.add(run)
  await scheduler.advance(2)
  expect(run.flushes).toBe(1)
  await scheduler.advance(1_000)
  expect(run.flushes).toBe(1)
})

test('while a turn of their run is due they wait for what it brings, but not for long', async () => {
  const { scheduler } = createTestMachine()
  const flusher = new Flusher(scheduler)
  const [moved, stuck] = [createRun(true), createRun(true)]
  flusher.add(moved)
  flusher.add(stuck)
  await scheduler.advance(10)
  expect([moved.flushes, stuck.flushes]).toEqual([0, 0])
  moved.driver.isTurnDue = false
  await scheduler.advance(2)
  expect([moved.flushes, stuck.flushes]).toEqual([1, 0])
  await scheduler.advance(50)
  expect([moved.flushes, stuck.flushes]).toEqual([1, 1])
  expect(scheduler.timers()).toBe(0)
})
