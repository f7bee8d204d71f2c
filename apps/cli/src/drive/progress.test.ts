import type { Usage } from '@meepo/core'
import { expect, test } from 'vitest'
import { logOf, type Line } from '../../test-support/log.ts'
import { ProgressFold } from './progress.ts'

const usage: Usage = { input: 7, cacheRead: 0, cacheWrite: 0, output: 3, reasoning: 0, calls: 1 }
const error = { code: 'model.overloaded', message: 'too\nbusy', retryable: true }
const run = { runId: 'r1', name: 'agent' }

function notes(fold: ProgressFold, ...lines: Line[]): string[] {
  return logOf(...lines).flatMap((event) => {
    const note = fold.read(run, event)
    return note ? [`${note.isUrgent === true ? '! ' : ''}${note.text}`] : []
  })
}

const model: Line = [
  'step.started',
  { number: 1, name: 'model', effect: 'idempotent', meta: { kind: 'model', model: 'm', turn: 1, maxTurns: 9 } },
]
const tool: Line = ['step.started', { number: 2, name: 'tool', effect: 'once', meta: { kind: 'tool', tool: 'pay' } }]

test('turns, tools and tokens are told when they end', () => {
  const fold = new ProgressFold()
  const told = notes(
    fold,
    model,
    ['attempt.failed', { number: 1, attempt: 1, error, retryAt: 510, usage }],
    ['step.completed', { number: 1, attempt: 2, result: { value: null }, durationMs: 40, usage }],
    tool,
  )
  expect(told).toEqual([
    'agent  m: attempt 1 failed (model.overloaded: too busy), again in 500 ms',
    'agent  m 40 ms, turn 1/9, 10 tokens',
  ])
  expect(fold.state()).toEqual({ turn: '1/9', openChildren: 0, endedChildren: 0, steps: 1, tokens: 20, open: ['pay'] })
})

test('what waits for a person is urgent and can be pasted', () => {
  const told = notes(
    new ProgressFold(),
    tool,
    ['step.unknown', { number: 2, attempt: 1, error }],
    ['signal.awaited', { number: 3, name: 'approve:a b' }],
    ['signal.awaited', { number: 4, name: 'go' }],
  )
  expect(told).toEqual([
    '! agent  the outcome of pay is unknown: meepo resolve r1 2 --done JSON | --not-done | --fail MESSAGE',
    `! agent  waits for: meepo signal r1 'approve:a b' '{"approved":true}'`,
    '! agent  waits for: meepo signal r1 go JSON',
  ])
})

test('failures, children and reports are told', () => {
  const fold = new ProgressFold()
  const child = { childId: 'c', definition: 'helper', version: '1', inputHash: '' }
  const told = notes(
    fold,
    tool,
    ['step.failed', { number: 2, attempt: 1, error, durationMs: 5 }],
    ['child.started', { number: 3, childRunId: 'c1', ...child }],
    ['child.started', { number: 4, childRunId: 'c2', ...child }],
    ['child.failed', { number: 3, error }],
    ['progress.reported', { message: 'half way' }],
    ['progress.reported', { fraction: 0.5 }],
    ['step.started', { number: 5, name: 'lonely', effect: 'read' }],
    ['task.cancelled', { number: 5, reason: 'no' }],
  )
  expect(told).toEqual([
    'agent  pay failed after 5 ms: model.overloaded: too busy',
    'agent  started helper (c1)',
    'agent  started helper (c2)',
    'agent  a child failed: too busy',
    'agent  half way',
  ])
  expect(fold.state()).toMatchObject({ openChildren: 1, endedChildren: 1, open: [] })
})
