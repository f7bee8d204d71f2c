import { expect, test } from 'vitest'
import { Refusal } from './refusal.ts'
import { describeFailure } from './sqlite-error.ts'

function sqlite(errcode: number): unknown {
  return Object.assign(new Error('planted'), { errcode })
}

test.each([
  [13, 'store.disk_full', 'transaction'],
  [1034, 'store.failed', 'fatal'],
  [1290, 'store.failed', 'fatal'],
  [778, 'store.failed', 'transaction'],
  [11, 'store.corrupt', 'transaction'],
  [26, 'store.corrupt', 'transaction'],
  [8, 'store.not_writable', 'transaction'],
  [14, 'store.not_writable', 'transaction'],
  [1299, 'store.failed', 'part'],
  [18, 'store.failed', 'part'],
])('result %i of SQLite is %s of a %s', (errcode, code, extent) => {
  expect(describeFailure(sqlite(errcode))).toMatchObject({ code, extent })
})

test('only a lock that another process holds is worth another try', () => {
  expect(describeFailure(sqlite(5)).retryable).toBe(true)
  expect(describeFailure(sqlite(517)).retryable).toBe(true)
  expect(describeFailure(sqlite(10)).retryable).toBeUndefined()
})

test.each([
  ['ENOSPC', 'store.disk_full'],
  ['EDQUOT', 'store.disk_full'],
  ['EACCES', 'store.not_writable'],
  ['EROFS', 'store.not_writable'],
  ['EMFILE', 'store.failed'],
])('%s of the file system is %s', (code, expected) => {
  expect(describeFailure(Object.assign(new Error('planted'), { code })).code).toBe(expected)
})

test('a refusal keeps its code, and anything else is a failure of its part', () => {
  expect(describeFailure(new Refusal('run.ended', 'over'))).toEqual({
    code: 'run.ended',
    message: 'over',
    extent: 'part',
  })
  expect(describeFailure('text')).toEqual({ code: 'store.failed', message: 'text', extent: 'part' })
})
