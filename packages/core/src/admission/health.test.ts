import { expect, test } from 'vitest'

import { createMemoryHealthBoard } from './health.ts'

test('the first write of a row and every write of who saw the latest one succeed', () => {
  const board = createMemoryHealthBoard()
  expect(board.write({ key: 'a', revision: 0, state: { n: 1 } })).toEqual({
    isWritten: true,
    row: { key: 'a', revision: 1, state: { n: 1 } },
  })
  expect(board.write({ key: 'a', revision: 1, state: { n: 2 } })).toMatchObject({ isWritten: true })
  expect(board.read()).toEqual([{ key: 'a', revision: 2, state: { n: 2 } }])
})

test('of two that saw the same row the second is told what the first wrote', () => {
  const board = createMemoryHealthBoard()
  void board.write({ key: 'a', revision: 0, state: { by: 'first' } })
  expect(board.write({ key: 'a', revision: 0, state: { by: 'second' } })).toEqual({
    isWritten: false,
    row: { key: 'a', revision: 1, state: { by: 'first' } },
  })
})
