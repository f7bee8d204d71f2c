import fc from 'fast-check'
import { expect, test } from 'vitest'

import { evaluate } from './expression.ts'
import { toDecimal } from './rational.ts'

const compute = (expression: string): string => toDecimal(evaluate(expression)).text

test.each([
  ['1+2*3', '7'],
  ['(1+2)*3', '9'],
  ['-2*-3', '6'],
  ['10-4-3', '3'],
  ['0.1+0.2', '0.3'],
  ['1/4', '0.25'],
  ['12/3/2', '2'],
  ['round(2.5)', '3'],
  ['round(-2.5)', '-3'],
  ['round(1234567*98/100)', '1209876'],
  ['round(1.005,2)', '1.01'],
  ['ceil(7/2)', '4'],
  ['floor(-7/2)', '-4'],
  ['abs(-3)', '3'],
  ['min(3,1,2)', '1'],
  ['max(3,1/2)', '3'],
  ['999999999999999999*9', '8999999999999999991'],
])('%s is %s', (expression, value) => {
  expect(compute(expression)).toBe(value)
})

test('a value without an end says that it is rounded', () => {
  expect(toDecimal(evaluate('1/3'))).toEqual({ text: '0.3333333333', isExact: false })
})

test.each([
  '',
  '1+',
  '(1',
  '1)',
  '2 3',
  'x',
  'process',
  '1/0',
  'round(1,2.5)',
  'floor(1,2)',
  'min()',
  '1e9',
  '2**3',
  "require('fs')",
])('%j is refused', (expression) => {
  expect(() => evaluate(expression)).toThrow(expect.objectContaining({ name: 'ExpressionError' }))
})

test('sums and products of cents are those of whole numbers', () => {
  const cents = fc.integer({ min: 0, max: 1_000_000_000 })
  fc.assert(
    fc.property(cents, cents, cents, (a, b, c) => {
      expect(compute(`${a}+${b}*${c}-${c}`)).toBe(String(BigInt(a) + BigInt(b) * BigInt(c) - BigInt(c)))
      expect(compute(`(${a}+${b})/100-${b}/100-${a}/100`)).toBe('0')
    }),
  )
})
