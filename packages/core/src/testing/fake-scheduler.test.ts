import { expect, test } from 'vitest'
import { createFakeScheduler } from './fake-scheduler.ts'

test('time stands still until it is moved, and timers run in the order of their times', async () => {
  const clock = createFakeScheduler({ startAt: 1000 })
  const seen: string[] = []
  clock.after(30, () => seen.push(`late ${clock.now()}`))
  clock.after(10, () => seen.push(`first ${clock.now()}`))
  clock.after(10, () => seen.push(`second ${clock.now()}`))
  await clock.settle()
  expect(seen).toEqual([])
  await clock.advance(20)
  expect(seen).toEqual(['first 1010', 'second 1010'])
  expect([clock.now(), clock.elapsed(), clock.timers()]).toEqual([1020, 20, 1])
  await clock.advance(10)
  expect(seen.at(-1)).toBe('late 1030')
})

test('a timer set by a timer runs on the same way when it falls due', async () => {
  const clock = createFakeScheduler()
  const seen: number[] = []
  const again = (): void => {
    seen.push(clock.now())
    // After some microtasks: the clock must not have moved on meanwhile.
    void Promise.resolve()
      .then(() => undefined)
      .then(() => clock.after(10, again))
  }
  clock.after(10, again)
  await clock.advance(35)
  expect(seen).toEqual([10, 20, 30])
})

test('a stopped timer does not run, and stopping twice or too late does nothing', async () => {
  const clock = createFakeScheduler()
  const seen: string[] = []
  const stop = clock.after(10, () => seen.push('stopped'))
  const late = clock.after(10, () => seen.push('ran'))
  stop()
  stop()
  await clock.advance(10)
  late()
  expect(seen).toEqual(['ran'])
  expect(clock.timers()).toBe(0)
})

test('a jump of the wall clock brings no timer nearer', async () => {
  const clock = createFakeScheduler({ startAt: 1000 })
  let ran = false
  clock.after(10, () => {
    ran = true
  })
  clock.jump(3_600_000)
  expect([clock.now(), clock.elapsed()]).toEqual([3_601_000, 0])
  await clock.advance(9)
  expect(ran).toBe(false)
  clock.jump(-3_600_000)
  await clock.advance(1)
  expect([ran, clock.now()]).toEqual([true, 1010])
})

test('between the opening and the closing of a turn every microtask ends and no other turn begins', async () => {
  const clock = createFakeScheduler()
  const seen: string[] = []
  const hops = async (count: number): Promise<void> => {
    for (let hop = 0; hop < count; hop++) await Promise.resolve()
    seen.push(`after ${count} hops`)
  }
  clock.turn(
    () => {
      seen.push('open 1')
      void hops(100)
      clock.turn(
        () => seen.push('open 3'),
        () => seen.push('close 3'),
      )
    },
    () => seen.push('close 1'),
  )
  clock.turn(
    () => seen.push('open 2'),
    () => seen.push('close 2'),
  )
  expect(seen).toEqual([])
  await clock.settle()
  expect(seen).toEqual(['open 1', 'after 100 hops', 'close 1', 'open 2', 'close 2', 'open 3', 'close 3'])
  clock.turn(
    () => seen.push('open 4'),
    () => seen.push('close 4'),
  )
  await clock.settle()
  expect(seen.slice(-2)).toEqual(['open 4', 'close 4'])
})

test('until moves time from timer to timer as far as the promise needs', async () => {
  const clock = createFakeScheduler()
  const promise = new Promise<string>((resolve) => {
    clock.after(1_000_000, () =>
      clock.turn(
        () => resolve('done'),
        () => undefined,
      ),
    )
    clock.after(2_000_000, () => undefined)
  })
  expect(await clock.until(promise)).toBe('done')
  expect(clock.now()).toBe(1_000_000)
  await expect(clock.until(Promise.reject(new Error('planned')))).rejects.toThrow('planned')
})

test('until refuses to wait for what can never come', async () => {
  const clock = createFakeScheduler()
  const never = new Promise<void>(() => undefined)
  await expect(clock.until(never)).rejects.toThrow('no timer is left')
  const tick = (): void => {
    clock.after(1, tick)
  }
  tick()
  await expect(clock.until(never)).rejects.toThrow('still pending after 10000 timers')
})

test('the clock is moved by one at a time', async () => {
  const clock = createFakeScheduler()
  const first = clock.advance(10)
  await expect(clock.advance(10)).rejects.toThrow('already being moved')
  await first
  expect(clock.now()).toBe(10)
})
