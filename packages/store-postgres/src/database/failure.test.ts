import { MeepoError } from '@meepo/core'
import { DatabaseError } from 'pg'
import { expect, test } from 'vitest'
import { toMeepoError, toStatementFailed } from './failure.ts'

function failed(code: string): DatabaseError {
  const error = new DatabaseError('planted', 0, 'error')
  error.code = code
  return error
}

test.each([
  ['53100', 'store.disk_full', false],
  ['25006', 'store.not_writable', false],
  ['28P01', 'store.not_writable', false],
  ['XX001', 'store.corrupt', false],
  ['57P01', 'store.failed', true],
  ['08006', 'store.failed', true],
  ['53300', 'store.failed', true],
  ['40P01', 'store.failed', true],
  ['22021', 'store.failed', false],
  ['42601', 'store.failed', false],
])('SQLSTATE %s is %s, worth another try: %s', (state, code, retryable) => {
  const error = toMeepoError(toStatementFailed(failed(state)))
  expect([error.code, error.retryable]).toEqual([code, retryable])
  expect(error.message).toContain(state)
})

test('conflicts begin anew, values that do not fit are refused alone, the rest fails its transaction', () => {
  const extents = ['23505', '40001', '22021', '54000', '42601'].map((code) => toStatementFailed(failed(code)).extent)
  expect(extents).toEqual(['again', 'again', 'part', 'part', 'transaction'])
})

test('what does not come from the server is a lost connection', () => {
  const refused = new AggregateError([new Error('refused by ::1'), new Error('refused by 127.0.0.1')])
  const lost = toStatementFailed(refused)
  expect([lost.extent, lost.message]).toEqual([
    'lost',
    'the connection to the database failed: refused by ::1; refused by 127.0.0.1',
  ])
  expect(toStatementFailed(lost)).toBe(lost)
  expect(toStatementFailed('gone').message).toContain('gone')
})

test('our own errors are passed on, and a bug is not worth another try', () => {
  const own = new MeepoError('run.ended', 'planted')
  expect(toMeepoError(own)).toBe(own)
  expect(toMeepoError(new TypeError('bug'))).toMatchObject({ code: 'store.failed', retryable: false })
})
