import { expect, test } from 'vitest'
import { anySchema } from '../base/schema.ts'
import { checkRetention, define, retentionOf } from './definition.ts'

const plain = { name: 'plain', input: anySchema, run: () => Promise.resolve(1) }

test('a definition may be a workflow whose ended runs are kept for some time', () => {
  const made = define({ ...plain, isWorkflow: true, retention: { completedMs: 0, failedMs: 86_400_000 } })
  expect(made).toMatchObject({ version: '1', isWorkflow: true, retention: { completedMs: 0, failedMs: 86_400_000 } })
  expect(define({ ...plain, retention: {} }).retention).toEqual({})
})

test.each([-1, Number.NaN, -Infinity])('a retention of %s ms is refused', (ms) => {
  const refused = (retention: object, field: string): void =>
    expect(() => define({ ...plain, retention })).toThrow(
      expect.objectContaining({ code: 'definition.invalid', details: { field, value: String(ms) } }),
    )
  refused({ completedMs: ms }, 'retention.completedMs')
  refused({ failedMs: ms }, 'retention.failedMs')
})

test('what a definition does not say about retention is what is configured, and a month and three else', () => {
  const day = 86_400_000
  expect(retentionOf()).toEqual({ completedMs: 30 * day, failedMs: 90 * day })
  expect(retentionOf({ failedMs: Infinity }, { completedMs: 1, failedMs: 2 })).toEqual({
    completedMs: 1,
    failedMs: Infinity,
  })
  expect(() => checkRetention({ failedMs: -1 }, 'here')).toThrow(expect.objectContaining({ code: 'config.invalid' }))
  checkRetention({ completedMs: Infinity }, 'here')
})
