import { expect, test } from 'vitest'
import { createBudgetBook } from './book.ts'
import { budgetError } from './budget-error.ts'

const at = Date.parse('2026-11-21T12:30:00Z')
const scopes = ['tenant:acme', 'user:bob', 'session:s1', 'run:r1']

test('a refusal names the budget, whose it is, what is left and when it starts anew', () => {
  const book = createBudgetBook([
    { name: 'daily', scope: 'user', limit: 10, period: 'day', timeZone: 'Asia/Tokyo', onExceed: 'degrade' },
    { name: 'total', scope: 'session', limit: 3, period: 'forever' },
  ])
  const refused = { id: 'x', kind: 'refused', limit: '10000000000000', left: '5000000000' } as const
  const [daily, total] = book.accountsFor(scopes, at)
  const refusal = book.refusal({ ...refused, key: String(daily?.key) }, at)
  expect(refusal).toEqual({
    budget: 'daily',
    scope: 'user:bob',
    limit: '10000000000000',
    left: '5000000000',
    resetsAt: Date.parse('2026-11-21T15:00:00Z'),
    mayDegrade: true,
  })
  expect(budgetError(refusal)).toMatchObject({
    code: 'budget.exceeded',
    retryable: false,
    notSent: true,
    message:
      'the budget daily of user:bob ($10.00) has $0.005000 left, too little for this call; it starts anew at 2026-11-21T15:00:00.000Z',
    details: {
      budget: 'daily',
      scope: 'user:bob',
      leftPicoDollars: '5000000000',
      resetsAt: '2026-11-21T15:00:00.000Z',
    },
  })
  expect(budgetError(book.refusal({ ...refused, key: String(total?.key), left: '-7' }, at)).message).toBe(
    'the budget total of session:s1 ($10.00) has $0.00 left, too little for this call; it does not start anew by itself',
  )
})

test('a refusal of a run names the run', () => {
  const refused = { id: 'x', kind: 'refused', key: 'run:r1', limit: '1', left: '0' } as const
  const refusal = createBudgetBook().refusal(refused, at)
  expect(refusal).toEqual({ budget: 'run', scope: 'run:r1', limit: '1', left: '0' })
  expect(budgetError(refusal).message).toMatch(/^the budget of run:r1 /)
})

test('the error of a call without a price says so', () => {
  const refusal = { budget: 'daily', scope: 'user:bob', limit: '10000000000000', left: '0', isUnpriced: true } as const
  expect(budgetError(refusal)).toMatchObject({
    message: 'the budget daily of user:bob ($10.00) takes no calls without a known price',
    details: { isUnpriced: true },
  })
})
