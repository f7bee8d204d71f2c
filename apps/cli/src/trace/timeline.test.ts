import type { RunSummary } from '@meepo/core'
import { expect, test } from 'vitest'
import { logOf, type Line } from '../../test-support/log.ts'
import { createScreen } from '../../test-support/screen.ts'
import { treeLines } from '../render/tree.ts'
import { foldTimeline, type Timeline } from './timeline.ts'

const summary: RunSummary = {
  runId: 'r1',
  tenant: 'default',
  definition: 'job',
  version: '1',
  sessionId: 'r1',
  status: 'running',
  priority: 0,
  createdAt: 0,
  lastSeq: 1,
}
const created: Line = [
  'run.created',
  {
    definition: 'job',
    version: '1',
    input: { value: null },
    tenant: 'default',
    sessionId: 'r1',
    limits: { activeMs: 1 },
    priority: 0,
  },
]
const error = { code: 'tool.failed', message: 'no\nluck', retryable: false }
const usage = { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0, calls: 1 }

function fold(run: Partial<RunSummary>, ...lines: Line[]): Timeline {
  return foldTimeline({ ...summary, ...run }, logOf(created, ...lines))
}

test('every kind of task has its line', () => {
  const timeline = fold(
    { status: 'waiting' },
    ['step.started', { number: 1, name: 'model', effect: 'idempotent', meta: { kind: 'model', model: 'm', turn: 1 } }],
    ['attempt.failed', { number: 1, attempt: 1, error, retryAt: 20, usage }],
    ['attempt.started', { number: 1, attempt: 2 }],
    ['step.completed', { number: 1, attempt: 2, result: { value: null }, durationMs: 5, usage }],
    ['sleep.started', { number: 2, until: 90 }],
    ['sleep.completed', { number: 2 }],
    ['signal.awaited', { number: 3, name: 'go' }],
    ['signal.timed_out', { number: 3 }],
    ['signal.awaited', { number: 4, name: 'stop' }],
    ['step.started', { number: 5, name: 'pay', effect: 'once', meta: { kind: 'tool', tool: 'pay' } }],
    ['step.unknown', { number: 5, attempt: 1, error }],
    ['step.started', { number: 6, name: 'plain', effect: 'read' }],
    ['step.failed', { number: 6, attempt: 3, error, durationMs: 4, usage }],
    ['child.started', { number: 7, childId: 'c', childRunId: 'c1', definition: 'kid', version: '1', inputHash: '' }],
    ['child.failed', { number: 7, error }],
    ['child.started', { number: 8, childId: 'd', childRunId: 'c2', definition: 'kid', version: '1', inputHash: '' }],
    ['task.cancelled', { number: 8, reason: 'no' }],
  )
  expect(treeLines(createScreen(), timeline, 1_000)).toEqual([
    'job@1  r1  waiting  1.0 s  6 tokens',
    '├─ ✓ #1 model m  30 ms  turn 1  2 attempts  4 tokens',
    '├─ ✓ #2 sleep  10 ms',
    '├─ ✗ #3 signal go  failed  10 ms  signal.timeout: nobody delivered it in time',
    '├─ … #4 signal stop  waiting  910 ms',
    '├─ ? #5 tool pay  unknown  900 ms  meepo resolve r1 5',
    '├─ ✗ #6 step plain  failed  10 ms  3 attempts  2 tokens  tool.failed: no luck',
    '├─ ✗ #7 child c (c1)  failed  10 ms  tool.failed: no luck',
    '└─ - #8 child d (c2)  cancelled  10 ms',
  ])
})

test('segments follow each other, and an unknown step stays unknown at the end', () => {
  const timeline = fold(
    { status: 'failed', endedAt: 70 },
    ['step.started', { number: 1, name: 'first', effect: 'read' }],
    ['step.completed', { number: 1, attempt: 1, result: { value: null }, durationMs: 5 }],
    ['run.continued', { state: { value: null }, seed: '', patches: [] }],
    ['step.started', { number: 1, name: 'second', effect: 'once' }],
    ['step.unknown', { number: 1, attempt: 1, error }],
    ['task.cancelled', { number: 1, reason: 'end' }],
    ['run.failed', { error, unknownSteps: [1], resumeAfter: 5 }],
  )
  expect(treeLines(createScreen(), timeline, 1_000)).toEqual([
    'job@1  r1  failed  70 ms',
    '├─ ✓ #1 step first  10 ms',
    '├─ ? #1 step second  unknown  20 ms  meepo resolve r1 1',
    '└─ tool.failed: no luck',
  ])
})

test('what a resume undid is left out, and a cancel tells its reason', () => {
  const timeline = fold(
    { status: 'cancelled', endedAt: 50 },
    ['step.started', { number: 1, name: 'kept', effect: 'read' }],
    ['step.completed', { number: 1, attempt: 1, result: { value: null }, durationMs: 5 }],
    ['run.failed', { error, unknownSteps: [], resumeAfter: 3 }],
    ['run.reopened', { limits: {}, by: 'operator' }],
    ['signal.awaited', { number: 2, name: 'go' }],
    ['signal.completed', { number: 2, name: 'go' }],
    ['run.cancelled', { reason: 'enough', unknownSteps: [], resumeAfter: 7 }],
  )
  expect(timeline.error).toEqual({ code: 'run.cancelled', message: 'enough' })
  expect(timeline.entries.map(({ name }) => name)).toEqual(['kept', 'go'])
})

test('on a terminal lines are coloured and cut to its width', () => {
  const timeline = fold({}, ['step.started', { number: 1, name: 'a name that is very long indeed', effect: 'read' }])
  expect(treeLines(createScreen(true, 300), timeline, 50)[0]).toBe('job@1  r1  <cyan>running</>  50 ms')
  expect(treeLines(createScreen(true, 20), timeline, 50)[1]).toHaveLength(20)
})
