import { expect, test } from 'vitest'
import { Lane, type Waiter } from './lane.ts'
import type { Priority } from './limiter.ts'

let order = 0

function waiter(id: string, band: Priority = 'normal', arrivedAt = 0, tenant = 'a'): Waiter {
  const call = { id, tenant, scopes: {}, estimate: { inputTokens: 1, outputTokens: 0 } }
  return { call, request: { id, asks: [] }, order: order++, arrivedAt, cost: 1, earned: new Set(), band, turnEnd: 0 }
}

function lane(): Lane {
  return new Lane({ weightOf: () => 1, maxAgeMs: 1_000 })
}

function turns(of: Lane, now = 0): readonly string[] {
  const ids: string[] = []
  for (let next = of.takeTurn(now); next !== undefined; next = of.takeTurn(now)) ids.push(next.call.id)
  return ids
}

test('an empty lane has no turns, and nobody can be removed from it', () => {
  const empty = lane()
  expect(empty.first(0)).toBeUndefined()
  expect(empty.takeTurn(0)).toBeUndefined()
  expect(empty.remove(waiter('stranger'))).toBe(false)
  expect(empty.count).toBe(0)
})

test('those who had their turn go first, the more urgent and the older before the others', () => {
  const one = lane()
  const had = [waiter('had low', 'low'), waiter('had normal 1'), waiter('had normal 2'), waiter('had high', 'high')]
  for (const each of had.toReversed()) {
    each.earned.add(one)
    one.add(each)
  }
  one.add(waiter('new', 'high'))
  const [, first] = had
  if (first === undefined) throw new Error('there is one')
  expect([...one].map(({ call }) => call.id)).toEqual(['had high', 'had normal 1', 'had normal 2', 'had low', 'new'])
  expect(one.remove(first)).toBe(true)
  expect(one.count).toBe(4)
  const next = one.takeTurn(0)
  if (next !== undefined) one.undo(next)
  const [low] = had
  // It came of age elsewhere: no tenant has a line in that band here.
  if (low !== undefined) one.used(low)
  expect(low === undefined || one.behind(low)).toBe(0)
  expect(turns(one)).toEqual(['had high', 'had normal 2', 'had low', 'new'])
})

test('a turn that was not used leaves the order as it was', () => {
  const one = lane()
  for (const id of ['a1', 'a2', 'a3']) one.add(waiter(id))
  for (const id of ['b1', 'b2']) one.add(waiter(id, 'normal', 0, 'b'))
  const taken = [one.takeTurn(0), one.takeTurn(0), one.takeTurn(0)]
  for (const each of taken) if (each !== undefined) one.undo(each)
  expect(one.count).toBe(5)
  expect(turns(one).toSorted()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'])
})

test('who is old enough joins the highest band, others not yet', () => {
  const one = lane()
  one.add(waiter('old', 'low', 0))
  one.add(waiter('young', 'low', 900))
  one.add(waiter('high', 'high', 1_000))
  expect(turns(one, 1_000)).toEqual(['old', 'high', 'young'])
})

test('who is removed is not served', () => {
  const one = lane()
  const [first, second, third] = [waiter('1'), waiter('2'), waiter('3')]
  for (const each of [first, second, third]) one.add(each)
  expect(one.remove(second)).toBe(true)
  expect(one.remove(first)).toBe(true)
  expect(one.remove(first)).toBe(false)
  expect(turns(one)).toEqual(['3'])
})

test('where others decide each tenant asks for one, and then for twice as many as it was granted', () => {
  const one = lane()
  for (let index = 1; index <= 9; index++) {
    one.add(waiter(`a${index}`))
    if (index < 6) one.add(waiter(`b${index}`, 'normal', 0, 'b'))
  }
  const take = (most: number, isGranted: (id: string) => boolean): readonly string[] => {
    const taken = one.takeEach(0, most)
    for (const each of taken) {
      if (isGranted(each.call.id)) one.used(each)
      else one.undo(each)
    }
    return taken.map(({ call }) => call.id).toSorted()
  }
  expect(take(64, () => true)).toEqual(['a1', 'b1'])
  expect(take(64, (id) => id.startsWith('a'))).toEqual(['a2', 'a3', 'b2', 'b3'])
  expect(take(64, () => true)).toEqual(['a4', 'a5', 'a6', 'a7', 'b2'])
  expect(take(3, () => false)).toEqual(['a8', 'b3', 'b4'])
  expect(take(1, () => false)).toHaveLength(1)
  expect(one.count).toBe(5)
})
