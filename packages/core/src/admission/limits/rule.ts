import { periodMs, type Limit, type LimitCounts, type LimitScope } from './limit.ts'

/**
 * A limit made ready for arithmetic. Levels are kept in whole units, so many to one token that the refill of a
 * millisecond is whole too: nothing is ever rounded, and a wait is exact to the millisecond.
 */
export interface Rule {
  readonly name: string
  readonly scope: LimitScope
  readonly only?: string
  readonly counts: LimitCounts
  /** In tokens, requests or slots. */
  readonly capacity: number
  /** Units to one token; 1 for slots. */
  readonly unit: number
  /** Units that come back each millisecond, a multiple of 100 so that a percentage is whole too; 0 for slots. */
  readonly rate: number
}

/** Levels stay below it, with room for debt as large as the capacity. */
const mostUnits = 2 ** 51

/** Makes rules of limits that {@link checkLimits} accepted. */
export function toRule(limit: Limit): Rule {
  const { name, scope, counts, amount, per, burst, value } = limit
  const head = { name, scope, counts, ...(value === undefined ? {} : { only: value }) }
  if (per === undefined) return { ...head, capacity: amount, unit: 1, rate: 0 }
  const capacity = burst ?? amount
  const divisor = greatestCommonDivisor(amount, periodMs[per])
  const unit = (100 * periodMs[per]) / divisor
  const rate = (100 * amount) / divisor
  if (Math.max(capacity, amount) * unit <= mostUnits) return { ...head, capacity, unit, rate }
  // Only for odd amounts of many millions a day. Rounded down: at most a thousandth less than configured.
  const smaller = Math.floor(mostUnits / Math.max(capacity, amount))
  const hundredth = Math.floor((amount * smaller) / periodMs[per] / 100)
  return { ...head, capacity, unit: smaller, rate: 100 * hundredth }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
