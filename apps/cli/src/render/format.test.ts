import { expect, test } from 'vitest'
import { formatCount, formatMs, oneLine, shellWord, formatCost, formatSpending } from './format.ts'

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

test('money is told in cents, small money in three digits, and what was spent beside what is left', () => {
  const dollar = 1_000_000_000_000n
  expect([0n, dollar, 12_345n * dollar, dollar / 7n, 12_300_000n, 1_500n].map(formatCost)).toEqual([
    '$0.00',
    '$1.00',
    '$12345.00',
    '$0.143',
    '$0.0000123',
    '$1.5e-9',
  ])
  expect(formatSpending({ settled: '0', reserved: '0', limit: '5' })).toEqual([])
  expect(
    formatSpending({ settled: String(dollar), reserved: String(dollar / 2n), limit: String(2n * dollar) }),
  ).toEqual(['$1.00 spent', '$0.5 reserved', '$0.5 left'])
  expect(formatSpending({ settled: String(dollar), reserved: '0', limit: '1' })).toEqual(['$1.00 spent', '$0.00 left'])
})
