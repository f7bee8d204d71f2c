import { expect, test } from 'vitest'
import { Lanes, type LaneItem } from './lanes.ts'

function item(lane: string, order: number, priority = 0): LaneItem {
  return { lane, order, priority, heapIndex: -1 }
}

const small = { units: [['gpu', 1]] as const, excludes: [] }
const large = { units: [['gpu', 2]] as const, excludes: [] }

/** Small work that keeps coming, one more whenever one ends, while large work waits from the beginning. */
function overtakes(patience: number | undefined): number {
  const lanes = new Lanes({ capacityOf: () => 2, ...(patience === undefined ? {} : { patience }) })
  const atWork = [item('small', -2), item('small', -1)]
  for (const one of atWork) lanes.enter(one, small)
  for (const _one of atWork) lanes.next()
  const waits = item('large', 0)
  lanes.enter(waits, large)
  for (let count = 0; count < 100; count++) {
    const next = item('small', count + 1)
    lanes.enter(next, small)
    const ended = atWork.shift()
    if (ended) lanes.release(ended)
    for (let began = lanes.next(); began; began = lanes.next()) {
      if (began === waits) return count
      atWork.push(began)
    }
  }
  return 100
}

test('without patience large work waits as long as small work keeps coming', () => {
  expect(overtakes(undefined)).toBe(100)
})

test('large work is overtaken as often as patience says', () => {
  expect(overtakes(10)).toBeLessThan(15)
})

test('patience holds nothing that others do not share', () => {
  const lanes = new Lanes({ capacityOf: () => 1, patience: 0 })
  const [first, second, other] = [item('a', 0), item('a', 1), item('b', 2)]
  const needs = (name: string) => ({ units: [[name, 1]] as const, excludes: [] })
  lanes.enter(first, needs('x'))
  expect(lanes.next()).toBe(first)
  lanes.enter(second, needs('x'))
  lanes.enter(other, needs('y'))
  expect(lanes.next()).toBe(other)
})

test('what left the queue never begins', () => {
  const lanes = new Lanes({ capacityOf: () => 2 })
  const [gone, stays] = [item('a', 0), item('a', 1)]
  lanes.enter(gone, small)
  lanes.enter(stays, small)
  lanes.leave(gone)
  lanes.leave(gone)
  expect(lanes.next()).toBe(stays)
  lanes.leave(stays)
  lanes.release(stays)
  lanes.leave(stays)
  expect(lanes.next()).toBeUndefined()
})
