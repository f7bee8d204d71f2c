import { expect, test } from 'vitest'
import { line } from '../testing/money-case.ts'
import { chargeOf, planReport, reportOf, rollUpsOfLine } from './roll-up.ts'

test('a line counts once per scope, and for its tenant', () => {
  const charge = chargeOf(line('a', 5, { scopes: ['agent:x', 'agent:x', 'user:y'] }))
  expect(charge).toMatchObject({ scopes: ['', 'agent:x', 'user:y'], day: '2026-11-21', model: 'openai:small' })
})

test('tokens that cannot be are not counted', () => {
  const usage = { input: -1, cacheRead: 1e18, cacheWrite: 2.5, output: Number.NaN, reasoning: 7, calls: 1 }
  expect(chargeOf(line('a', 5, { call: { usage } })).sums).toMatchObject({
    inputTokens: 0,
    cacheReadTokens: 1e9,
    cacheWriteTokens: 2,
    outputTokens: 0,
    reasoningTokens: 7,
  })
})

test('savings count, and calls of unknown cost', () => {
  const cost = { status: 'unknown', picoDollars: '5', savedPicoDollars: '3' } as const
  expect(chargeOf(line('a', 0, { call: { cost } })).sums).toMatchObject({ savedPicoDollars: 3n, unknownCalls: 1 })
})

test('a call without a price adds nothing but itself', () => {
  const { sums } = chargeOf(line('a', null))
  expect(sums).toMatchObject({ picoDollars: 0n, unpricedCalls: 1, calls: 1 })
  const rows = reportOf([{ scope: '', day: '2026-11-21', model: 'm', sums }], { by: 'total' })
  expect(rows).toMatchObject([{ key: 'total', picoDollars: '0', unpricedCalls: 1 }])
})

test('what was not sent is no call', () => {
  for (const outcome of ['refused', 'not_sent'] as const) {
    expect(chargeOf(line('a', 0, { call: { outcome } })).sums.calls).toBe(0)
  }
  expect(chargeOf(line('a', 0, { call: { outcome: 'cached' } })).sums.calls).toBe(1)
})

test('a correction takes a call from those without a price', () => {
  const adjusted = { line: line('a', null, { at: Date.UTC(2026, 0, 2) }), status: 'unpriced' } as const
  const charge = chargeOf(line('b', 7, { kind: 'adjust', adjusts: 'a' }), adjusted)
  expect(charge).toMatchObject({
    day: '2026-01-02',
    sums: { picoDollars: 7n, unpricedCalls: -1, calls: 0, inputTokens: 0 },
  })
  expect(chargeOf(line('b', 7, { kind: 'adjust', adjusts: 'a' })).sums).toMatchObject({ picoDollars: 7n, calls: 0 })
})

test('roll-ups answer everything but a question across two kinds of scopes', () => {
  expect(planReport({ by: 'day' })).toEqual({ kind: 'scope', scope: '' })
  expect(planReport({ by: 'model', scope: 'agent:x' })).toEqual({ kind: 'scope', scope: 'agent:x' })
  expect(planReport({ by: 'agent' })).toEqual({ kind: 'prefix', prefix: 'agent:' })
  expect(planReport({ by: 'agent', scope: 'agent:x' })).toEqual({ kind: 'scope', scope: 'agent:x' })
  expect(planReport({ by: 'user', scope: 'agent:x' })).toEqual({ kind: 'lines', scope: 'agent:x', prefix: 'user:' })
})

test('across two kinds of scopes a line counts in every group that it belongs to', () => {
  const charge = chargeOf(line('a', 5, { scopes: ['agent:x', 'run:p', 'run:c'] }))
  const rollUps = rollUpsOfLine(charge, 'agent:x', 'run:')
  expect(reportOf(rollUps, { by: 'run' }).map(({ key }) => key)).toEqual(['c', 'p'])
  expect(rollUpsOfLine(charge, 'agent:y', 'run:')).toEqual([])
})

test('a report is cut to its days and its rows, the dearest first', () => {
  const rollUps = [3, 9, 9].map((cost, index) => {
    const { sums } = chargeOf(line('a', cost))
    return { scope: `agent:${index}`, day: `2026-11-0${index + 1}`, model: 'm', sums }
  })
  const keys = (query: object): readonly string[] => reportOf(rollUps, { by: 'agent', ...query }).map(({ key }) => key)
  expect(keys({})).toEqual(['1', '2', '0'])
  expect(keys({ limit: 1 })).toEqual(['1'])
  expect(keys({ since: '2026-11-02' })).toEqual(['1', '2'])
  expect(keys({ until: '2026-11-01' })).toEqual(['0'])
  expect(keys({ by: 'day' })).toEqual(['2026-11-02', '2026-11-03', '2026-11-01'])
  expect(keys({ by: 'model' })).toEqual(['m'])
  expect(reportOf([], { by: 'total' })).toMatchObject([{ key: 'total', picoDollars: '0' }])
})
