import { afterEach, expect, test, vi } from 'vitest'
import { createScreen } from '../../test-support/screen.ts'
import { createProgressView, progressLine } from './progress.ts'

afterEach(() => vi.useRealTimers())

const idle = { openChildren: 0, endedChildren: 0, steps: 1, tokens: 0, open: [] }

test('the line tells turns of an agent and children of a graph', () => {
  expect(progressLine('agent', { ...idle, turn: '2/20', tokens: 1_234, open: ['pay'] }, 4_200)).toBe(
    'agent  4.2 s · turn 2/20 · 1 step · 1,234 tokens · pay',
  )
  expect(progressLine('graph', { ...idle, openChildren: 3, endedChildren: 1, open: ['a', 'b', 'c', 'd'] }, 10)).toBe(
    'graph  10 ms · 1 of 4 child runs · 1 step · a, b, c +1',
  )
})

test('on a terminal one line is rewritten, and only what is urgent stays', () => {
  vi.useFakeTimers()
  const screen = createScreen(true, 12)
  const view = createProgressView(screen, true, () => 'a line that is too long')
  vi.advanceTimersByTime(250)
  view.note('done with a')
  view.note('decide!', true)
  view.end()
  vi.advanceTimersByTime(1_000)
  const erased = '\r\u001b[2K'
  expect(screen.said.err).toBe(`${erased}⠋ a line t…${erased}⠙ a line t…${erased}<yellow>decide!</>\n${erased}`)
})

test('elsewhere every note is a line', () => {
  const screen = createScreen()
  const view = createProgressView(screen, false, () => 'never shown')
  view.note('one')
  view.note('two', true)
  view.end()
  expect(screen.said.err).toBe('one\ntwo\n')
})
