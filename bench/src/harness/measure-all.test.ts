import { expect, test } from 'vitest'
import { toBaseline } from './baseline.ts'
import type { Line } from './line.ts'
import { measureAll } from './measure-all.ts'
import type { Measured } from './measure-case.ts'
import type { Case, Figure, Workload } from './workload.ts'

const figure: Figure = { case: 'a', value: 20, unit: 'µs', floor: 2, hold: 40, isDurable: false }
const one: Case = { name: 'a', measure: () => Promise.resolve([figure]) }
const workload: Workload = { id: 'w1', title: 'One', cases: [one] }

/** Gives these values one after the other, the last one for ever. */
function measuring(values: readonly number[], change: Partial<Figure> = {}, diskMs = 0.1) {
  let calls = 0
  const measure = (): Promise<Measured> => {
    const value = values[Math.min(calls++, values.length - 1)] ?? 0
    return Promise.resolve({ figures: [{ ...figure, ...change, value }], diskMs })
  }
  return { measure, calls: () => calls }
}

async function lines(values: readonly number[], change: Partial<Figure> = {}, diskMs = 0.1): Promise<readonly Line[]> {
  return (await measureAll([workload], measuring(values, change, diskMs).measure, { isChecked: false })).lines
}

test('a planted slow-down of 16 % against the baseline falls short', async () => {
  const baseline = toBaseline('here', await lines([20]), undefined)
  const { shortfalls } = await measureAll([workload], measuring([23.2]).measure, { isChecked: false, baseline })
  expect(shortfalls).toEqual(['w1 a: 11.60 times its floor, baseline 10 (16 % more)'])
})

test('a slow-down within 15 % is accepted', async () => {
  const baseline = toBaseline('here', await lines([20]), undefined)
  const { shortfalls } = await measureAll([workload], measuring([22.9]).measure, { isChecked: false, baseline })
  expect(shortfalls).toEqual([])
})

test('a slower machine, on which the floor is slower too, is accepted', async () => {
  const baseline = toBaseline('here', await lines([20]), undefined)
  const { measure } = measuring([60], { floor: 6 })
  expect((await measureAll([workload], measure, { isChecked: false, baseline })).shortfalls).toEqual([])
})

test('a figure that the baseline does not know falls short', async () => {
  const { shortfalls } = await measureAll([workload], measuring([20]).measure, {
    isChecked: false,
    baseline: { machine: 'here', ratios: {} },
  })
  expect(shortfalls).toEqual(['w1 a: not in the baseline; write it with --update'])
})

test('a figure above its hold falls short by name, after three measurements', async () => {
  const { measure, calls } = measuring([41])
  const { lines: judged, shortfalls } = await measureAll([workload], measure, { isChecked: true })
  expect(shortfalls).toEqual(['w1 a: 41.00 µs, hold 40'])
  expect(judged.map(({ ok }) => ok)).toEqual([false])
  expect(calls()).toBe(3)
})

test('the median of three measurements decides about a figure that fell short once', async () => {
  const { measure, calls } = measuring([90, 30, 35])
  const { lines: judged, shortfalls } = await measureAll([workload], measure, { isChecked: true })
  expect(shortfalls).toEqual([])
  expect(judged.map(({ value }) => value)).toEqual([35])
  expect(calls()).toBe(3)
})

test('a figure at its hold is measured once', async () => {
  const { measure, calls } = measuring([40])
  expect((await measureAll([workload], measure, { isChecked: true })).shortfalls).toEqual([])
  expect(calls()).toBe(1)
})

test('a durable figure on a slow disk is not judged, nor compared, nor taken into the baseline', async () => {
  const slow = await lines([500], { isDurable: true }, 0.6)
  expect(slow.map(({ ok, diskMs }) => [ok, diskMs])).toEqual([['n/a (disk)', 0.6]])
  expect(toBaseline('here', slow, undefined).ratios).toEqual({})
  const { measure } = measuring([500], { isDurable: true }, 0.6)
  const baseline = { machine: 'here', ratios: { 'w1 a': 10 } }
  expect((await measureAll([workload], measure, { isChecked: true, baseline })).shortfalls).toEqual([])
})

test('an update of some workloads keeps the ratios of the others', async () => {
  const old = { machine: 'there', ratios: { 'w1 a': 1, 'w2 b': 2 } }
  expect(toBaseline('here', await lines([20]), old)).toEqual({ machine: 'here', ratios: { 'w1 a': 10, 'w2 b': 2 } })
})

test('a ratio that is near the baseline in one of three measurements is accepted', async () => {
  const baseline = toBaseline('here', await lines([20]), undefined)
  const { measure, calls } = measuring([90, 30, 22])
  expect((await measureAll([workload], measure, { isChecked: false, baseline })).shortfalls).toEqual([])
  expect(calls()).toBe(3)
})

test('a lasting slow-down is told by the best of its measurements', async () => {
  const baseline = toBaseline('here', await lines([20]), undefined)
  const { measure } = measuring([90, 30, 40])
  const { shortfalls } = await measureAll([workload], measure, { isChecked: false, baseline })
  expect(shortfalls).toEqual(['w1 a: 15.00 times its floor, baseline 10 (50 % more)'])
})
