import { expect, test } from 'vitest'
import type { Outcome } from './entry.ts'
import { OutcomeQueue } from './outcome-queue.ts'

function outcome(number: number): Outcome {
  // A queue looks at nothing in it.
  return { type: 'sleep.completed', data: { number } } as Outcome
}

test('outcomes come out in the order in which they came in, however both mix', () => {
  const queue = new OutcomeQueue()
  const came: number[] = []
  const take = (): void => {
    const next = queue.shift()
    if (next && 'number' in next.data) came.push(next.data.number)
  }
  let number = 0
  for (const pushes of [1, 2, 0, 3, 0, 0, 1, 0, 0]) {
    for (let left = pushes; left > 0; left--) queue.push(outcome(++number))
    take()
  }
  expect(came).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(queue.isEmpty).toBe(true)
})

test('what is left is taken in order, also when some of it was turned already', () => {
  const queue = new OutcomeQueue()
  const [first, second, third] = [outcome(1), outcome(2), outcome(3)]
  queue.push(first)
  queue.push(second)
  expect(queue.shift()).toBe(first)
  queue.push(third)
  expect(queue.takeAll()).toEqual([second, third])
  expect(queue.isEmpty).toBe(true)
  expect(queue.takeAll()).toEqual([])
})
