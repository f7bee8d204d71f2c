import { expect, test } from 'vitest'
import { parseCount, parseDuration, parseNumber } from './options.ts'

test('durations have units', () => {
  expect(['250ms', '90s', '10m', '1h30m', '2d', '1.5s'].map(parseDuration)).toEqual([
    250, 90_000, 600_000, 5_400_000, 172_800_000, 1_500,
  ])
})

test.each(['', '10', 'soon', '10m!', '-5s', '0s'])('%j is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow('a duration is written like')
})

test('counts begin with 1, numbers with 0', () => {
  expect([parseCount('3'), parseNumber('0')]).toEqual([3, 0])
  expect(() => parseCount('0')).toThrow('above 0')
  expect(() => parseCount('1.5')).toThrow('above 0')
  expect(() => parseNumber('')).toThrow('from 0')
  expect(() => parseNumber('-1')).toThrow('from 0')
})
