import { expect, test } from 'vitest'
import { createScreen } from '../../test-support/screen.ts'
import { limitsTables } from './limits-table.ts'

const nothing = { buckets: [], tallies: [], waiting: [], cooldowns: [] }

test('levels, sums, waiting tenants and cooldowns are told one after the other', () => {
  const text = limitsTables(createScreen(), {
    buckets: [
      {
        limit: 'tpm',
        value: 'main',
        counts: 'input_tokens',
        capacity: 90_000,
        available: -1_500,
        open: 4_000,
        percent: 70,
      },
      { limit: 'at-once', value: '', counts: 'concurrent', capacity: 20, available: 12, open: 8, percent: 100 },
    ],
    tallies: [
      { limit: 'tpm', requests: 1_200, waits: 4, waitedMs: 6_000, longestWaitMs: 2_500, refusals: 1, throttles: 2 },
      { limit: 'at-once', requests: 7, waits: 0, waitedMs: 0, longestWaitMs: 0, refusals: 0, throttles: 0 },
    ],
    waiting: [{ limit: 'tpm', tenant: 'acme', count: 3 }],
    cooldowns: [{ key: 'openai/main/gpt', leftMs: 2_000 }],
  })
  expect(text).toBe(
    [
      'LIMIT    WHOSE    LEFT      OF  IN FLIGHT  RATE  COUNTS',
      'tpm      main   -1,500  90,000      4,000   70%  input tokens',
      'at-once  all        12      20          8        concurrent',
      '',
      'LIMIT    CALLS  WAITED  ON AVERAGE  AT MOST  REFUSED  THROTTLED',
      'tpm      1,200       4       1.5 s    2.5 s        1          2',
      'at-once      7       0                             0          0',
      '',
      'LIMIT  TENANT  WAITING',
      'tpm    acme          3',
      '',
      'openai/main/gpt cools down for 2.0 s',
      '',
    ].join('\n'),
  )
})

test('a screen shows how full each limit is', () => {
  const bucket = { limit: 'tpm', value: 'main', counts: 'tokens', capacity: 100, open: 0, percent: 100 } as const
  const screen = createScreen(true)
  const lines = [0, 15, 100].map((available) =>
    limitsTables(screen, { ...nothing, buckets: [{ ...bucket, available }] }),
  )
  expect(new Set(lines).size).toBe(3)
})
