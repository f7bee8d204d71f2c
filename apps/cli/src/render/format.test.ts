import { expect, test } from 'vitest'
import { formatCount, formatMs, oneLine, shellWord } from './format.ts'

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [59_999, '59.9 s'],
  [65_000, '1 m 05 s'],
  [7_800_000, '2 h 10 m'],
])('%i ms is written %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text)
})

test('counts have their noun', () => {
  expect([formatCount(1, 'token'), formatCount(12_345, 'token')]).toEqual(['1 token', '12,345 tokens'])
})

test('a word survives the shell', () => {
  expect([shellWord('r-1'), shellWord("it's $HOME")]).toEqual(['r-1', `'it'\\''s $HOME'`])
})

test('control characters of others do not reach the screen', () => {
  expect(oneLine('a\u001b[2Jb\r\nc')).toBe('a [2Jb c')
})
