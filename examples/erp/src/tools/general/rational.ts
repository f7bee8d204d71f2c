/** An exact fraction. The denominator is positive and the two have no common divisor. */
export interface Rational {
  readonly top: bigint
  readonly bottom: bigint
}

/** Makes a fraction in lowest terms; `bottom` must not be zero. */
export function rational(top: bigint, bottom: bigint = 1n): Rational {
  const sign = bottom < 0n ? -1n : 1n
  const divisor = greatestDivisor(top < 0n ? -top : top, bottom < 0n ? -bottom : bottom)
  return { top: (sign * top) / divisor, bottom: (sign * bottom) / divisor }
}

/** The largest whole number that is not greater. */
export function floor(value: Rational): bigint {
  const whole = value.top / value.bottom
  return value.top < 0n && whole * value.bottom !== value.top ? whole - 1n : whole
}

/** Rounds to decimals, halves away from zero, as invoices do. */
export function round(value: Rational, decimals: number): Rational {
  const scale = 10n ** BigInt(decimals)
  const isNegative = value.top < 0n
  const size = { top: (isNegative ? -value.top : value.top) * scale * 2n + value.bottom, bottom: value.bottom * 2n }
  const whole = floor(rational(size.top, size.bottom))
  return rational(isNegative ? -whole : whole, scale)
}

/** The value as a decimal: exact when it ends within ten decimals, else rounded to ten. */
export function toDecimal(value: Rational): { text: string; isExact: boolean } {
  const rounded = round(value, 10)
  const isNegative = rounded.top < 0n
  const scaled = ((isNegative ? -rounded.top : rounded.top) * 10n ** 10n) / rounded.bottom
  const digits = String(scaled).padStart(11, '0')
  const fraction = digits.slice(-10).replace(/0+$/, '')
  const text = `${isNegative ? '-' : ''}${digits.slice(0, -10)}${fraction === '' ? '' : `.${fraction}`}`
  return { text, isExact: rounded.top === value.top && rounded.bottom === value.bottom }
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [high, low] = [a, b]
  while (low !== 0n) [high, low] = [low, high % low]
  return high
}
