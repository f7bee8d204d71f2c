import { expect, test } from 'vitest'
import { reportCalls, type CallSpan } from './report.ts'

function span(callId: string, startedAt: number, endedAt: number, more: Partial<CallSpan> = {}): CallSpan {
  const base = { callId, tool: 'a', readyAt: 100, startedAt, endedAt, approvalMs: 0 }
  return { ...base, kind: 'ran', ok: true, fellBack: false, ...more }
}

test('a turn is told by how its calls overlapped', () => {
  const spans = [
    span('one', 100, 110),
    span('two', 100, 129, { tool: 'b', ok: false }),
    span('three', 110, 130, { fellBack: true }),
    span('four', 110, 130, { readyAt: 110, kind: 'joined' }),
  ]
  const report = reportCalls(spans, { waitsFor: [[], [], [], [4], [0]], slotsOf: () => 2 })
  expect(report).toEqual({
    calls: 4,
    failed: 1,
    coalesced: 1,
    fellBack: 1,
    wallMs: 30,
    busyMs: 59,
    parallelism: 1.97,
    speedUp: 2.63,
    maxAtOnce: 2,
    tools: {
      a: { calls: 3, failed: 0, busyMs: 30, utilisation: 0.5 },
      b: { calls: 1, failed: 1, busyMs: 29, utilisation: 0.97 },
    },
    queueDepth: [
      { ms: 0, waiting: 1 },
      { ms: 10, waiting: 0 },
    ],
    maxWaiting: 1,
    criticalPath: { callIds: ['one', 'four'], ms: 30 },
  })
})

test('waiting for a person is no queue', () => {
  const report = reportCalls([span('one', 1_100, 1_110, { approvalMs: 1_000 })], { waitsFor: [[]], slotsOf: () => 1 })
  expect(report).toMatchObject({ maxWaiting: 0, queueDepth: [], wallMs: 1_010, busyMs: 10 })
})

test('no calls, and calls that took no time, are reported without nonsense', () => {
  expect(reportCalls([], { waitsFor: [], slotsOf: () => 1 })).toMatchObject({
    calls: 0,
    wallMs: 0,
    parallelism: 1,
    maxAtOnce: 0,
    criticalPath: { callIds: [], ms: 0 },
  })
  expect(reportCalls([span('one', 100, 100)], { waitsFor: [[]], slotsOf: () => 1 })).toMatchObject({
    speedUp: 1,
    tools: { a: { utilisation: 0 } },
    criticalPath: { callIds: ['one'], ms: 0 },
  })
})

test('a long queue is told in at most 50 moments, its peak among them', () => {
  const spans = Array.from({ length: 1_000 }, (_, place) => span(`c${place}`, 100 + place, 101 + place))
  const report = reportCalls(spans, { waitsFor: spans.map(() => []), slotsOf: () => 1 })
  expect(report.queueDepth.length).toBeLessThanOrEqual(50)
  expect(report.queueDepth[0]).toEqual({ ms: 0, waiting: 999 })
  expect(report).toMatchObject({ maxWaiting: 999, wallMs: 1_000, busyMs: 1_000, parallelism: 1, maxAtOnce: 1 })
})

test('the peak of a queue that grows is kept', () => {
  const spans = Array.from({ length: 500 }, (_, place) => span(`c${place}`, 2_000, 2_001, { readyAt: 100 + place }))
  const report = reportCalls(spans, { waitsFor: spans.map(() => []), slotsOf: () => 500 })
  expect(report.queueDepth.map(({ waiting }) => waiting)).toContain(500)
  expect(report.maxWaiting).toBe(500)
})

test('the critical path follows a chain however long', () => {
  const spans = Array.from({ length: 20_000 }, (_, place) => span(`c${place}`, 100 + place, 101 + place))
  const waitsFor = spans.map((_, place) => (place === spans.length - 1 ? [] : [place + 1]))
  const { criticalPath } = reportCalls(spans, { waitsFor, slotsOf: () => 1 })
  expect(criticalPath.ms).toBe(20_000)
  expect(criticalPath.callIds).toHaveLength(20_000)
})
