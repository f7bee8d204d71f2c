import { floor, rational, round } from './rational.ts'
import type { Rational } from './rational.ts'

/** An expression that cannot be computed; the message says where and why. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
}

interface Reader {
  readonly tokens: readonly string[]
  at: number
}

/**
 * Computes `+ - * / ( )`, decimals and the functions round(x, decimals), ceil, floor, abs, min, max — exactly, with
 * fractions instead of floating point. There are no variables and nothing is evaluated as code.
 */
export function evaluate(expression: string): Rational {
  const tokens = expression.match(/\d+(\.\d+)?|[a-z]+|\S/g) ?? []
  const reader: Reader = { tokens, at: 0 }
  const value = sum(reader)
  if (reader.at < tokens.length) throw new ExpressionError(`unexpected "${tokens[reader.at]}"`)
  return value
}

function sum(reader: Reader): Rational {
  let value = product(reader)
  for (let sign = take(reader, '+', '-'); sign !== undefined; sign = take(reader, '+', '-')) {
    const next = product(reader)
    const top = sign === '+' ? next.top : -next.top
    value = rational(value.top * next.bottom + top * value.bottom, value.bottom * next.bottom)
  }
  return value
}

function product(reader: Reader): Rational {
  let value = factor(reader)
  for (let sign = take(reader, '*', '/'); sign !== undefined; sign = take(reader, '*', '/')) {
    const next = factor(reader)
    if (sign === '/' && next.top === 0n) throw new ExpressionError('division by zero')
    value =
      sign === '*'
        ? rational(value.top * next.top, value.bottom * next.bottom)
        : rational(value.top * next.bottom, value.bottom * next.top)
  }
  return value
}

function factor(reader: Reader): Rational {
  const token = reader.tokens[reader.at++]
  if (token === undefined) throw new ExpressionError('the expression ends too early')
  if (token === '-') {
    const value = factor(reader)
    return { top: -value.top, bottom: value.bottom }
  }
  if (token === '(') {
    const value = sum(reader)
    expect(reader, ')')
    return value
  }
  if (/^\d/.test(token)) {
    const [whole = '', fraction = ''] = token.split('.')
    return rational(BigInt(whole + fraction), 10n ** BigInt(fraction.length))
  }
  if (/^[a-z]/.test(token)) return call(token, readArguments(reader))
  throw new ExpressionError(`unexpected "${token}"`)
}

function readArguments(reader: Reader): Rational[] {
  expect(reader, '(')
  const values = [sum(reader)]
  while (take(reader, ',') !== undefined) values.push(sum(reader))
  expect(reader, ')')
  return values
}

function call(name: string, values: readonly Rational[]): Rational {
  const [first, second] = values
  if (first === undefined) throw new ExpressionError(`${name} needs an argument`)
  if (name === 'min') return values.reduce((best, value) => (isLess(value, best) ? value : best))
  if (name === 'max') return values.reduce((best, value) => (isLess(best, value) ? value : best))
  if (name === 'round') return round(first, decimalsOf(second))
  if (values.length > 1) throw new ExpressionError(`${name} takes one argument`)
  if (name === 'floor') return rational(floor(first))
  if (name === 'ceil') return rational(-floor({ top: -first.top, bottom: first.bottom }))
  if (name === 'abs') return { top: first.top < 0n ? -first.top : first.top, bottom: first.bottom }
  throw new ExpressionError(`unknown function "${name}"`)
}

function decimalsOf(value: Rational | undefined): number {
  if (value === undefined) return 0
  if (value.bottom !== 1n || value.top < 0n || value.top > 10n)
    throw new ExpressionError('round takes 0 to 10 decimals')
  return Number(value.top)
}

function isLess(a: Rational, b: Rational): boolean {
  return a.top * b.bottom < b.top * a.bottom
}

function take(reader: Reader, ...wanted: string[]): string | undefined {
  const token = reader.tokens[reader.at]
  if (token === undefined || !wanted.includes(token)) return undefined
  reader.at++
  return token
}

function expect(reader: Reader, token: string): void {
  if (take(reader, token) === undefined) throw new ExpressionError(`expected "${token}"`)
}
