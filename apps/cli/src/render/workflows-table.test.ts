import type { WorkflowView } from 'meepo'
import { expect, test } from 'vitest'
import { createScreen } from '../../test-support/screen.ts'
import { workflowsTable } from './workflows-table.ts'

const base: WorkflowView = {
  name: 'w',
  version: '1',
  isPaused: false,
  isKept: true,
  running: 0,
  schedule: { cron: '@daily' },
}

test('tells when a workflow runs, and why it did not', () => {
  const last = { at: 1_000, runId: 'w1' }
  const views: readonly WorkflowView[] = [
    { name: 'plain', version: '2', isPaused: false, isKept: false, running: 3 },
    { ...base, isKept: false },
    { ...base, isPaused: true, isKept: false, last },
    { ...base, nextAt: 5_000, last, lastPassed: { at: 500, why: 'late' } },
    { ...base, nextAt: 5_000, lastPassed: { at: 500, why: 'missed', count: 7 } },
    {
      ...base,
      isKept: false,
      nextAt: 1,
      lastPassed: { at: 5, why: 'failed', error: { code: 'input.invalid', message: 'm', retryable: false } },
    },
  ]
  const lines = workflowsTable(createScreen(), views, 2_000).trimEnd().split('\n')
  expect(lines.map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
    'WORKFLOW | SCHEDULE | NEXT | LAST | PASSED OVER | RUNNING',
    'plain@2 | 3',
    'w@1 | @daily UTC | 0 | no process keeps it: `meepo workflows serve` does',
    'w@1 | @daily UTC | 1.0 s ago, w1 | 0 | paused',
    'w@1 | @daily UTC | in 3.0 s | 1.0 s ago, w1 | late, 1.5 s ago | 0',
    'w@1 | @daily UTC | in 3.0 s | 7 missed, 1.5 s ago | 0',
    'w@1 | @daily UTC | due 1.9 s ago | input.invalid, 1.9 s ago | 0 | no process keeps it: `meepo workflows serve` does',
  ])
})
