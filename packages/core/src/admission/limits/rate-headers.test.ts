import { expect, test } from 'vitest'
import { readRateHeaders } from './rate-headers.ts'

const now = Date.parse('2026-11-21T12:00:00Z')

function retryAfter(headers: Record<string, string>): number | undefined {
  return readRateHeaders(headers, now).retryAfterMs
}

test('seconds, milliseconds, durations and dates all say how long to wait', () => {
  expect(retryAfter({ 'retry-after': '20' })).toBe(20_000)
  expect(retryAfter({ 'retry-after': ' 0.5 ' })).toBe(500)
  expect(retryAfter({ 'retry-after-ms': '1250.4', 'retry-after': '9' })).toBe(1_251)
  expect(retryAfter({ 'retry-after': '6m0s' })).toBe(360_000)
  expect(retryAfter({ 'retry-after': '60ms' })).toBe(60)
  expect(retryAfter({ 'retry-after': '1h2m3.5s' })).toBe(3_723_500)
  expect(retryAfter({ 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' })).toBe(30_000)
  expect(retryAfter({ 'retry-after': '2026-11-21T12:01:00Z' })).toBe(60_000)
  expect(retryAfter({ 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' })).toBe(0)
})

test('the levels of OpenAI are read', () => {
  const headers = {
    'x-ratelimit-limit-requests': '5000',
    'x-ratelimit-remaining-requests': '4999',
    'x-ratelimit-reset-requests': '12ms',
    'x-ratelimit-limit-tokens': '800000',
    'x-ratelimit-remaining-tokens': '799000',
    'x-ratelimit-reset-tokens': '6m0s',
  }
  expect(readRateHeaders(headers, now)).toEqual({
    windows: [
      { counts: 'requests', limit: 5_000, remaining: 4_999, resetMs: 12 },
      { counts: 'tokens', limit: 800_000, remaining: 799_000, resetMs: 360_000 },
    ],
  })
})

test('the levels of Anthropic are read', () => {
  const headers = {
    'anthropic-ratelimit-input-tokens-limit': '50000',
    'anthropic-ratelimit-input-tokens-remaining': '42000',
    'anthropic-ratelimit-input-tokens-reset': '2026-11-21T12:00:09Z',
    'anthropic-ratelimit-output-tokens-remaining': '8000',
  }
  expect(readRateHeaders(headers, now)).toEqual({
    windows: [
      { counts: 'input_tokens', limit: 50_000, remaining: 42_000, resetMs: 9_000 },
      { counts: 'output_tokens', remaining: 8_000 },
    ],
  })
})

test.each([
  '',
  'soon',
  '-1',
  'NaN',
  'Infinity',
  '1e9',
  '999999999',
  '0x10',
  '9999d',
  '12 parsecs',
  'May',
  '2026'.repeat(9),
])('a time of "%s" is no time', (text) => {
  expect(retryAfter({ 'retry-after': text })).toBeUndefined()
  expect(retryAfter({ 'retry-after-ms': text === '999999999' ? '9999999999' : text })).toBeUndefined()
  expect(
    readRateHeaders({ 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': text }, now).windows,
  ).toEqual([{ counts: 'tokens', remaining: 5 }])
})

test('a date that does not exist is no time', () => {
  expect(retryAfter({ 'retry-after': '2026-99-99T00:00:00Z' })).toBeUndefined()
})

test.each(['-1', '0', 'lots', '', '1.5', '1e3'])('what remains of a limit of "%s" means nothing', (limit) => {
  const headers = { 'x-ratelimit-limit-tokens': limit, 'x-ratelimit-remaining-tokens': '0' }
  expect(readRateHeaders(headers, now).windows).toEqual([])
})

test.each(['-1', 'none', '', '99999999999999999999'])('"%s" left is not believed', (remaining) => {
  const headers = { 'x-ratelimit-limit-tokens': '100', 'x-ratelimit-remaining-tokens': remaining }
  expect(readRateHeaders(headers, now).windows).toEqual([])
})
