import { expect, test } from 'vitest'
import { formatDollars, parseDollars, parsePico, scale, scaleUp } from './money.ts'

test('an amount is read exactly, however it is written', () => {
  for (const amount of ['1.5', '1.50', '$1.50', ' $1.5 ', 1.5]) expect(parseDollars(amount)).toBe(1_500_000_000_000n)
  expect(parseDollars(0.3)).toBe(300_000_000_000n)
  expect(parseDollars('0.000000000001')).toBe(1n)
  expect(parseDollars(1e-7)).toBe(100_000n)
  expect(parseDollars(1.25e-8)).toBe(12_500n)
  expect(parseDollars(0)).toBe(0n)
  expect(parseDollars(9_000_000)).toBe(9_000_000_000_000_000_000n)
})

test('nonsense is refused, never taken for nothing', () => {
  const nonsense = [
    '',
    '-1',
    '1,000',
    '1e3',
    'free',
    '$',
    '0.0000000000001',
    'NaN',
    '9000000.01',
    Number.NaN,
    -1,
    Infinity,
  ]
  for (const amount of [...nonsense, 1e21, 1e-13]) {
    expect(() => parseDollars(amount)).toThrow(expect.objectContaining({ code: 'money.invalid' }))
  }
})

test('an amount is written exactly and as short as it reads well', () => {
  expect(formatDollars(1_500_000_000_000n)).toBe('$1.50')
  expect(formatDollars(0n)).toBe('$0.00')
  expect(formatDollars(4_800_000_000n)).toBe('$0.004800')
  expect(formatDollars(52_501_000_000n)).toBe('$0.052501')
  expect(formatDollars(12_300_000n)).toBe('$0.0000123')
  expect(formatDollars(1n)).toBe('$0.000000000001')
  expect(formatDollars(-10_000_000_000n)).toBe('-$0.01')
})

test('pico-dollars travel as digits', () => {
  expect(parsePico('-12')).toBe(-12n)
  expect(() => parsePico('1.5')).toThrow(expect.objectContaining({ code: 'money.invalid' }))
})

test('a factor is rounded half up, or up where too little would be wrong', () => {
  expect(scale(48_036_000_000n, [11, 10])).toBe(52_839_600_000n)
  expect(scale(5n, [11, 10])).toBe(6n)
  expect(scale(4n, [11, 10])).toBe(4n)
  expect(scaleUp(4n, [11, 10])).toBe(5n)
  expect(scaleUp(10n, [11, 10])).toBe(11n)
})
