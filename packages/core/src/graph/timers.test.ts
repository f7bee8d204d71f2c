import { expect, test } from 'vitest'
import type { RunContext } from '../run/context.ts'
import { Timers } from './timers.ts'

test('a sleep that is over just when it was cancelled means nothing any more', async () => {
  const sleeps: { readonly ms: number; end(): void }[] = []
  const cancelled: unknown[] = []
  const fired: string[] = []
  // All that timers use of a run.
  const ctx = {
    now: () => 0,
    sleep: (ms: number) => new Promise<void>((resolve) => sleeps.push({ ms, end: resolve })),
    cancel: async (task: unknown) => void cancelled.push(task),
  } as unknown as RunContext
  const timers = new Timers(ctx, (act) => act())
  timers.add(100, () => fired.push('late'))
  timers.add(10, () => fired.push('early'))
  expect([sleeps.map(({ ms }) => ms), cancelled.length]).toEqual([[100, 10], 1])
  sleeps[0]?.end()
  await Promise.resolve()
  expect(fired).toEqual([])
  sleeps[1]?.end()
  await Promise.resolve()
  expect([fired, sleeps.length]).toEqual([['early'], 3])
  sleeps[2]?.end()
  await Promise.resolve()
  await timers.stop()
  expect([fired, cancelled.length]).toEqual([['early', 'late'], 1])
})
