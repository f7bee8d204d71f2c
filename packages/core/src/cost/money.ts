import { MeepoError } from '../base/errors.ts'

/**
 * An amount of money in pico-dollars (1e-12 US dollars), the only unit that is added up: every published rate per token is a
 * whole number of them ($1 per million tokens = 1,000,000). In JSON it is a text of decimal digits.
 */
export type Pico = bigint

const picoPerDollar = 1_000_000_000_000n
/** What fits the 64-bit integers of every store, with room for sums. */
const mostDollars = 9_000_000n

/**
 * Reads an amount in dollars exactly: `1.5`, `'1.50'` and `'$1.50'` are the same. At most 12 decimals, no sign and no
 * separators. Throws `money.invalid`.
 */
export function parseDollars(amount: string | number): Pico {
  const text = typeof amount === 'number' ? plainNumber(amount) : amount.trim().replace(/^\$/, '')
  const match = /^(\d{1,12})(?:\.(\d{1,12}))?$/.exec(text)
  if (!match) throw invalid(amount, 'is no amount of dollars')
  const [, whole = '', decimals = ''] = match
  const pico = BigInt(whole) * picoPerDollar + BigInt(decimals.padEnd(12, '0'))
  if (pico > mostDollars * picoPerDollar) throw invalid(amount, `is more than $${mostDollars}`)
  return pico
}

/**
 * Writes an amount exactly: cents when they suffice, else millionths, else as many decimals as it takes:
 * `$1.50`, `$0.004800`, `$0.0000123`.
 */
export function formatDollars(amount: Pico): string {
  const size = amount < 0n ? -amount : amount
  const decimals = (size % picoPerDollar).toString().padStart(12, '0')
  const needed = decimals.replace(/0+$/, '').length
  const shown = needed <= 2 ? 2 : Math.max(6, needed)
  return `${amount < 0n ? '-' : ''}$${size / picoPerDollar}.${decimals.slice(0, shown)}`
}

/** Reads what `pico.toString()` wrote. Throws `money.invalid`. */
export function parsePico(text: string): Pico {
  if (!/^-?\d{1,19}$/.test(text)) throw invalid(text, 'is no amount of pico-dollars')
  return BigInt(text)
}

/** A factor such as 11/10, kept as two whole numbers: a fraction would be rounded before it is used. */
export type Ratio = readonly [numerator: number, denominator: number]

/** Multiplies and rounds half up, once. */
export function scale(amount: Pico, [numerator, denominator]: Ratio): Pico {
  const divisor = BigInt(denominator)
  return (2n * amount * BigInt(numerator) + divisor) / (2n * divisor)
}

/** Multiplies and rounds up: for amounts that must never be too small. */
export function scaleUp(amount: Pico, [numerator, denominator]: Ratio): Pico {
  const divisor = BigInt(denominator)
  return (amount * BigInt(numerator) + divisor - 1n) / divisor
}

/** The shortest decimal text that means this number, without an exponent. */
function plainNumber(value: number): string {
  const text = String(value)
  const match = /^(\d+)(?:\.(\d+))?e-(\d+)$/.exec(text)
  if (!match) return text
  const [, whole = '', decimals = '', exponent = ''] = match
  return `0.${'0'.repeat(Number(exponent) - whole.length)}${whole}${decimals}`
}

function invalid(amount: string | number, what: string): MeepoError {
  return new MeepoError('money.invalid', `${JSON.stringify(String(amount))} ${what}`)
}
