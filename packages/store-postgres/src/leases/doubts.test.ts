import { expect, test } from 'vitest'
import { Doubts } from './doubts.ts'

test('a doubt lasts until it is settled, or until nothing can be committed any more', () => {
  let now = 0
  const doubts = new Doubts(() => now)
  doubts.add('e', 'a', 1)
  now = 20_000
  doubts.add('e', 'b', 3)
  doubts.add('other', 'c', 1)
  expect(doubts.of('e')).toEqual([
    { runId: 'a', epoch: 1 },
    { runId: 'b', epoch: 3 },
  ])
  now = 30_001
  expect(doubts.of('e')).toEqual([{ runId: 'b', epoch: 3 }])
  doubts.settle('e', 'b')
  doubts.settle('e', 'unknown')
  expect(doubts.of('e')).toEqual([])
  expect(doubts.of('other')).toHaveLength(1)
})
