import { expect, test } from 'vitest'
import { normalise, restOf } from './normalise.ts'
import { emptyBuckets, inputTokens, outputTokens, toUsage, type UsageBuckets, type UsageFlag } from './usage-buckets.ts'

test('what is no count of tokens is replaced and told', () => {
  const usage: UsageBuckets = {
    ...emptyBuckets,
    in: { text: -1, audio: Number.NaN, image: 1.5 },
    write: { h1: Number.POSITIVE_INFINITY },
    out: { text: 1e18, reasoning: 7 },
    units: { webSearch: '2' as unknown as number },
  }
  expect(normalise(usage)).toEqual({
    ...emptyBuckets,
    in: { image: 2 },
    write: { h1: 1_000_000_000 },
    out: { text: 1_000_000_000, reasoning: 7 },
    flags: ['usage_invalid'],
  })
})

test('who reserved for the call says how much is believed', () => {
  const usage = { ...emptyBuckets, out: { text: 1e18 } }
  expect(normalise(usage, 4_096).out).toEqual({ text: 4_096 })
})

test('good counts stay as they are, empty ones vanish, flags are kept', () => {
  const inner = [{ model: 'm', in: { text: 1, audio: 0 }, read: {}, write: {}, out: { text: -2 } }]
  const usage: UsageBuckets = { ...emptyBuckets, in: { text: 3 }, inner, flags: ['ttl_unknown'] }
  expect(normalise({ ...emptyBuckets, read: { text: 4, image: undefined } as never })).toEqual({
    ...emptyBuckets,
    read: { text: 4 },
  })
  expect(normalise(usage)).toEqual({
    ...emptyBuckets,
    in: { text: 3 },
    inner: [{ model: 'm', in: { text: 1 }, read: {}, write: {}, out: {} }],
    flags: ['ttl_unknown', 'usage_invalid'],
  })
})

test('parts that exceed their total leave no rest and a flag', () => {
  const flags = new Set<UsageFlag>()
  expect(restOf(10, 4, flags)).toBe(6)
  expect([...flags]).toEqual([])
  expect(restOf(10, 20, flags)).toBe(0)
  expect([...flags]).toEqual(['usage_inconsistent'])
})

test('buckets add up to the summary of tokens', () => {
  const usage: UsageBuckets = {
    ...emptyBuckets,
    in: { text: 1, audio: 2 },
    read: { text: 4 },
    write: { m5: 8, h1: 16 },
    out: { text: 32, image: 64, reasoning: 128 },
  }
  expect(inputTokens(usage)).toBe(31)
  expect(outputTokens(usage)).toBe(224)
  expect(toUsage(usage)).toEqual({ input: 3, cacheRead: 4, cacheWrite: 24, output: 96, reasoning: 128, calls: 1 })
  expect(toUsage({ ...emptyBuckets, in: { text: undefined } as never })).toMatchObject({ input: 0, reasoning: 0 })
  const inner = [{ model: 'm', in: { text: 1 }, read: { text: 1 }, write: { m5: 1 }, out: { text: 1, reasoning: 1 } }]
  expect(toUsage({ ...usage, inner })).toEqual({
    input: 4,
    cacheRead: 5,
    cacheWrite: 25,
    output: 97,
    reasoning: 129,
    calls: 1,
  })
})
