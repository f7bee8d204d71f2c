import { expect, test } from 'vitest'

import { retryAfterMs } from './retry-after.ts'

const now = Date.parse('2026-11-21T10:00:00Z')

test.each<[Record<string, string>, number | undefined]>([
  [{}, undefined],
  [{ 'retry-after': '12' }, 12_000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '1.5' }, 1_500],
  [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250],
  [{ 'retry-after-ms': 'x', 'retry-after': '1' }, 1_000],
  [{ 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Sat, 21 Nov 2026 09:00:00 GMT' }, 0],
  [{ 'retry-after': 'Sat, 21 Nov 2099 09:00:00 GMT' }, undefined],
  [{ 'retry-after': '-5 minutes from never' }, undefined],
])('the headers %j ask for %s ms', (headers, ms) => {
  expect(retryAfterMs(headers, now)).toBe(ms)
})
