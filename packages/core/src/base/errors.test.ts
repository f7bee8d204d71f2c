import { expect, test } from 'vitest'
import { MeepoError, toError, toErrorData } from './errors.ts'
import { parseWith, textSchema } from './schema.ts'

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
