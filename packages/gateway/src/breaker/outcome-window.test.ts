import { expect, test } from 'vitest'

import { OutcomeWindow } from './outcome-window.ts'

test('five failures in a row are enough, four are not', () => {
  const window = new OutcomeWindow()
  for (let count = 0; count < 4; count++) window.failed(0, `call ${count % 2}`)
  expect(window.isIll(0)).toBe(false)
  window.failed(0, 'call 3')
  expect(window.isIll(0)).toBe(true)
})

test('the tries of one call alone are no row', () => {
  const window = new OutcomeWindow()
  for (let count = 0; count < 6; count++) window.failed(0, 'the same')
  expect(window.isIll(0)).toBe(false)
  window.failed(0, 'another')
  expect(window.isIll(0)).toBe(true)
})

test('half of at least ten in thirty seconds is enough', () => {
  const window = new OutcomeWindow()
  for (let count = 0; count < 4; count++) {
    window.failed(count * 1_000, 'a')
    window.succeeded(count * 1_000)
  }
  expect(window.isIll(4_000)).toBe(false)
  window.succeeded(4_000)
  window.failed(4_000, 'a')
  expect(window.isIll(4_000)).toBe(true)
  // Later the first of them no longer count.
  window.succeeded(34_000)
  expect(window.isIll(34_000)).toBe(false)
})

test('a clock that goes back leaves nothing behind for ever', () => {
  const window = new OutcomeWindow()
  for (let count = 0; count < 6; count++) {
    window.failed(1_000_000, 'a')
    window.succeeded(1_000_000)
  }
  expect(window.isIll(5_000)).toBe(false)
  expect(window.count(5_000)).toEqual({ ok: 0, failed: 0 })
})

test('nothing is left of it after it was cleared', () => {
  const window = new OutcomeWindow()
  for (let count = 0; count < 9; count++) window.failed(0, `call ${count}`)
  window.clear()
  expect(window.isIll(0)).toBe(false)
})
