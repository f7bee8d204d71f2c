import { expect, test } from 'vitest'
import {
  decideGrant,
  reachedMarks,
  readAccounts,
  readAmount,
  readPositive,
  readSpent,
  type AccountState,
} from './account-rules.ts'

function holding(states: Readonly<Record<string, Partial<AccountState>>>): (key: string) => AccountState | undefined {
  return (key) => {
    const state = states[key]
    return state && { settled: 0n, reserved: 0n, limit: undefined, ...state }
  }
}

const wants = (picoDollars: string, atLeast = picoDollars) => ({ id: 'c', picoDollars, atLeast })

test('amounts are whole numbers that 64 bits hold', () => {
  expect(readAmount('9223372036854775807')).toBe(2n ** 63n - 1n)
  expect(readAmount('-9223372036854775807')).toBe(1n - 2n ** 63n)
  for (const wrong of ['9223372036854775808', '-9223372036854775808', '1e3', '', ' 1', '12345678901234567890']) {
    expect(() => readAmount(wrong)).toThrow(expect.objectContaining({ code: 'money.invalid' }))
  }
  // What is not text at all comes from callers without types.
  expect(() => readAmount(JSON.parse('1'))).toThrow(expect.objectContaining({ code: 'money.invalid' }))
  expect(readSpent({ id: 'a', picoDollars: '5' })).toBe(5n)
  expect(() => readPositive('-1')).toThrow(expect.objectContaining({ code: 'money.invalid' }))
})

test('without a limit everything is granted', () => {
  expect(decideGrant(wants('5'), readAccounts([{ key: 'a' }]), holding({}))).toEqual({
    id: 'c',
    kind: 'granted',
    picoDollars: '5',
  })
})

test('the tightest account decides, and the first of equal ones is named', () => {
  const accounts = readAccounts([
    { key: 'wide', limit: '100' },
    { key: 'first', limit: '9' },
    { key: 'second', limit: '9' },
  ])
  const find = holding({ first: { settled: 5n, reserved: 1n }, second: { reserved: 6n } })
  expect(decideGrant(wants('4', '3'), accounts, find)).toEqual({ id: 'c', kind: 'granted', picoDollars: '3' })
  expect(decideGrant(wants('4'), accounts, find)).toEqual({
    id: 'c',
    kind: 'refused',
    key: 'first',
    limit: '9',
    left: '3',
  })
})

test('an overspent account has nothing left, not less', () => {
  const find = holding({ a: { settled: 12n } })
  const accounts = readAccounts([{ key: 'a', limit: '10' }])
  expect(decideGrant(wants('1', '0'), accounts, find)).toMatchObject({ kind: 'refused', left: '0' })
})

test('a window counts each account once, and its own account also when the window does not name it', () => {
  const find = holding({ now: { settled: 2n }, before: { settled: 3n, reserved: 1n } })
  const left = (window: readonly string[]): unknown =>
    decideGrant(wants('100', '0'), readAccounts([{ key: 'now', window, limit: '10' }]), find)
  expect(left(['before', 'now', 'nothing'])).toMatchObject({ picoDollars: '4' })
  expect(left(['before'])).toMatchObject({ picoDollars: '4' })
})

test('marks are reached by what was spent, or by that and what is set aside', () => {
  const marks = [
    { id: 'spent', at: '5', on: 'settled' },
    { id: 'soon', at: '5', on: 'committed' },
  ] as const
  const [account] = readAccounts([{ key: 'a', limit: '10', marks }])
  const told = (state: Partial<AccountState>): readonly string[] =>
    account ? reachedMarks(account, holding({ a: state })).map(({ id }) => id) : []
  expect(told({ settled: 4n })).toEqual([])
  expect(told({ settled: 4n, reserved: 1n })).toEqual(['a soon 10'])
  expect(told({ settled: 5n })).toEqual(['a spent 10', 'a soon 10'])
  // 50 % of the limit that the store holds.
  expect(told({ settled: 9n, limit: 20n })).toEqual([])
  expect(told({ settled: 10n, limit: 20n })).toEqual(['a spent 20', 'a soon 20'])
})

test('a mark of a window names the same mark of its earlier accounts', () => {
  const marks = [{ id: '80%', at: '8', on: 'settled' }] as const
  const [account] = readAccounts([{ key: 'now', window: ['before', 'now', 'long ago'], limit: '10', marks }])
  const find = holding({ before: { settled: 8n } })
  expect(account && reachedMarks(account, find)).toMatchObject([
    { id: 'now 80% 10', earlier: ['before 80% 10', 'long ago 80% 10'] },
  ])
})

test('a mark of an account without a limit, or with one of nothing, stands for itself', () => {
  const marks = [{ id: 'm', at: '5', on: 'settled' }] as const
  const [soft, empty] = readAccounts([
    { key: 'soft', marks },
    { key: 'empty', limit: '0', marks },
  ])
  const find = holding({ soft: { settled: 5n }, empty: { settled: 5n, limit: 8n } })
  expect(soft && reachedMarks(soft, find)).toMatchObject([{ id: 'soft m 5', limit: 5n }])
  expect(empty && reachedMarks(empty, find)).toMatchObject([{ id: 'empty m 8', limit: 8n }])
  const [none] = readAccounts([{ key: 'none' }])
  expect(none && reachedMarks(none, find)).toEqual([])
})
