import { expect, test } from 'vitest'
import { MeepoError, toError, toErrorData } from './errors.ts'
import { parseWith, textSchema } from './schema.ts'

test('the failure of a raced task, thrown as it is, keeps its code', () => {
  const spent = { code: 'budget.exceeded', message: 'spent', retryable: false, details: { budget: 'all' } }
  expect(toErrorData(spent)).toEqual(spent)
  expect(toError(spent)).toMatchObject({ code: 'budget.exceeded', details: { budget: 'all' } })
  expect(toErrorData({ code: 7, message: 'x', retryable: false }).code).toBe('step.failed')
  expect(toErrorData({ code: 'x', retryable: false }).code).toBe('step.failed')
  expect(toErrorData({ code: 'x', message: 'y' }).code).toBe('step.failed')
  expect(toErrorData(null)).toEqual({ code: 'step.failed', message: 'null', retryable: false })
})

test('whatever was thrown becomes data', () => {
  expect(toErrorData('out of paper')).toEqual({ code: 'step.failed', message: 'out of paper', retryable: false })
  expect(toErrorData(new RangeError('far', { cause: 'near' }), 'tool.failed')).toEqual({
    code: 'tool.failed',
    message: 'RangeError: far',
    retryable: false,
    cause: { code: 'step.failed', message: 'near', retryable: false },
  })
})

test('an error of ours passes through, another one is wrapped', () => {
  const ours = new MeepoError('store.failed', 'full')
  expect(toError(ours, 'tool.failed')).toBe(ours)
  expect(toError(new Error('x'), 'tool.failed')).toMatchObject({ code: 'tool.failed', message: 'x' })
})

test('the schema of a text takes texts alone, and says so', () => {
  expect(parseWith(textSchema, 'a', 'input.invalid', 'input')).toBe('a')
  expect(() => parseWith(textSchema, 1, 'input.invalid', 'input')).toThrow('input: expected a text')
  expect(textSchema.toJSONSchema({ io: 'input' })).toEqual({ type: 'string' })
})
