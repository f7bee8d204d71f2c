import type { BudgetState, CostLine } from '@meepo/core'
import { expect, test } from 'vitest'
import { createScreen } from '../../test-support/screen.ts'
import { bar } from './bar.ts'
import { budgetLine, budgetTable } from './budget-table.ts'
import { costTable } from './cost-table.ts'

const now = Date.parse('2026-11-21T12:00:00Z')

function lineOf(key: string, picoDollars: string, change: Partial<CostLine> = {}): CostLine {
  const tokens = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }
  const counts = { savedPicoDollars: '0', calls: 1_200, unpricedCalls: 0, unknownCalls: 0 }
  return { key, picoDollars, dollars: Number(picoDollars) / 1e12, tokens: 34_567, ...counts, ...tokens, ...change }
}

const state: BudgetState = {
  budget: 'per-user',
  tenant: 'default',
  scope: 'user:bob',
  key: 'per-user/2026-11-21/default/user:bob',
  limitKey: 'per-user/2026-11-21/default/user:bob',
  kind: 'hard',
  spent: '8000000000000',
  reserved: '500000000000',
  limit: '10000000000000',
  left: '1500000000000',
  resetsAt: now + 3_600_000,
  heldBy: ['c1'],
}

test('costs are columns with a share, notes and a sum', () => {
  const rows = [
    lineOf('planner', '7500000000000', { unpricedCalls: 2, unknownCalls: 1 }),
    lineOf('writer', '2500000000000', { savedPicoDollars: '1000000000000' }),
  ]
  const text = costTable(createScreen(), 'agent', rows, lineOf('total', '10000000000000'))
  expect(text).toBe(
    [
      'AGENT      COST  SHARE  CALLS  TOKENS',
      'planner   $7.50    75%  1,200  34,567  2 without a price, 1 unknown',
      'writer    $2.50    25%  1,200  34,567  $1.00 saved',
      'total    $10.00   100%  1,200  34,567',
      '',
    ].join('\n'),
  )
})

test('a screen gets bars, and lines that fit', () => {
  const rows = [lineOf('planner', '3000000000000'), lineOf('writer', '1500000000000')]
  const wide = costTable(createScreen(true, 100), 'agent', rows, lineOf('total', '4500000000000'))
  expect(wide).toContain(`34,567  <cyan>${'█'.repeat(20)}</>\n`)
  expect(wide).toContain(`34,567  <cyan>${'█'.repeat(10)}</>\n`)
  const narrow = costTable(createScreen(true, 20), 'agent', rows, lineOf('total', '4500000000000'))
  for (const line of narrow.trimEnd().split('\n')) expect(line.length).toBeLessThanOrEqual(20)
})

test('costs of nothing have no share', () => {
  const text = costTable(createScreen(true, 100), 'model', [lineOf('local:m', '0')], lineOf('total', '0'))
  expect(text).toContain('local:m  $0.00         1,200')
})

test('a bar fills eighths of a character', () => {
  expect([bar(0, 4), bar(0.5, 4), bar(1 / 32, 4), bar(7, 2), bar(-1, 2)]).toEqual(['', '██', '▏', '██', ''])
})

test('budgets are columns of whose, how much and until when', () => {
  const states: BudgetState[] = [
    state,
    { ...state, tenant: 'acme', scope: 'tenant:acme', kind: 'soft', reserved: '0', isSet: true },
    { ...state, tenant: 'acme', limit: '0', left: '-1000000000000', resetsAt: now - 5 },
  ]
  const run: BudgetState = {
    budget: 'run',
    scope: 'run:r1',
    key: 'run:r1',
    limitKey: 'run:r1',
    kind: 'hard',
    spent: '0',
    reserved: '0',
    limit: '1000000000000',
    left: '1000000000000',
    heldBy: [],
  }
  const text = budgetTable(createScreen(), [...states, run], now)
  expect(text).toBe(
    [
      'BUDGET           WHOSE          SPENT  RESERVED    LEFT         LIMIT  USED  STARTS ANEW',
      'per-user         user:bob       $8.00      $0.5   $1.50        $10.00   85%  in 1 h 00 m',
      'per-user (soft)  tenant:acme    $8.00             $1.50  $10.00 (set)   80%  in 1 h 00 m',
      'per-user         acme user:bob  $8.00      $0.5  $-1.00         $0.00  100%  in 0 ms',
      'run              run:r1         $0.00             $1.00         $1.00    0%',
      '',
    ].join('\n'),
  )
})

test('a screen shows how much of a budget is gone', () => {
  const low = { ...state, spent: '1000000000000', reserved: '0' }
  const text = budgetTable(createScreen(true, 150), [state, low, { ...state, limit: '0' }], now)
  expect(text).toContain('<yellow>████████▌</>')
  expect(text).toContain('<green>█</>')
  expect(text).toContain('<red>██████████</>')
})

test('one budget is a line', () => {
  expect(budgetLine(state)).toBe('per-user of user:bob: $10.00 ($8.00 spent · $0.5 reserved · $1.50 left)')
  expect(budgetLine({ ...state, reserved: '0' })).toBe('per-user of user:bob: $10.00 ($8.00 spent · $1.50 left)')
})
