import type { Period } from './period.ts'

/** Where spending leads when it goes on as it did. */
export interface Forecast {
  /** What will be spent by the end of the period, in pico-dollars. */
  readonly picoDollars: bigint
  /** When the limit will be reached, milliseconds since 1970. */
  readonly limitAt: number
}

/** Before a tenth of the period is over, one dear call would raise an alarm. */
const leastShare = 0.1

/**
 * Draws a straight line from the start of a period through what was spent by now. Answers when it reaches the limit
 * before the period ends; undefined when it does not, when the limit is reached already (its own threshold tells
 * that), too early in a period, and for periods without an end.
 */
export function forecast(period: Period, at: number, settled: bigint, limit: bigint): Forecast | undefined {
  const { startsAt, endsAt, window } = period
  const isEndless = !Number.isFinite(endsAt) || window.length > 0
  if (isEndless || settled <= 0n || settled >= limit) return undefined
  const elapsed = at - startsAt
  const whole = endsAt - startsAt
  if (elapsed < whole * leastShare || elapsed > whole) return undefined
  const picoDollars = (settled * BigInt(whole)) / BigInt(elapsed)
  if (picoDollars <= limit) return undefined
  return { picoDollars, limitAt: startsAt + Number((limit * BigInt(elapsed)) / settled) }
}
