import { expect, test } from 'vitest'
import { MeepoError } from '../base/errors.ts'
import { check, checkEqual, checkRejects } from './check.ts'

test('a check that holds says nothing, one that does not says what is wrong', () => {
  check(true, 'unused')
  expect(() => check(false, 'two owners')).toThrow('two owners')
  checkEqual({ a: 1, b: undefined }, { a: 1 }, 'unused')
  expect(() => checkEqual([1], [2], 'the list')).toThrow('the list: expected [2], got [1]')
  expect(() => checkEqual('x'.repeat(1000), '', 'the text')).toThrow('(1002 characters)')
})

test('a rejection is checked by its code', async () => {
  const error = new MeepoError('run.ended', 'over')
  expect(await checkRejects(Promise.reject(error), 'run.ended', 'unused')).toBe(error)
  await expect(checkRejects(Promise.reject(error), 'run.exists', 'it')).rejects.toThrow(
    'it: expected run.exists, got run.ended',
  )
  await expect(checkRejects(Promise.reject(new Error('odd')), 'run.exists', 'it')).rejects.toThrow('got Error: odd')
  await expect(checkRejects(Promise.resolve(), 'run.exists', 'it')).rejects.toThrow('but it resolved with null')
})
