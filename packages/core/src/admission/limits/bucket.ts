import type { Rule } from './rule.ts'
import type { Turns } from './turns.ts'

/**
 * The state of one rule for one value of its scope. A rate is a token bucket with debt: the level may be below zero,
 * and nothing is granted until it has come back. Slots are counted by who holds them, so that those of a dead holder
 * are known.
 */
export interface Bucket {
  rule: Rule
  readonly value: string
  /** Units. Above the capacity only between refunds of the same millisecond, so that their order does not matter. */
  level: number
  /** The whole millisecond of the level. */
  at: number
  /** Reserved by open permits: tokens, requests or slots. */
  open: number
  /** Everything that was ever taken: tells which of two permits is older. */
  taken: number
  /**
   * Units of the latest takes that may still come back. With the level they are never more than the capacity: a
   * bucket that filled up again while a permit was open has been given that room already, and a refund on top of it
   * would let more through at once than the bucket holds.
   */
  returnable: number
  /** The mark (`taken`) of the newest permit whose answer told the level. */
  learnedMark: number
  /** Permits with an older mark cannot lower the rate again. */
  cutMark: number
  /** Of the configured rate, 5 to 100. */
  percent: number
  /** When the percentage was set, or last rose. */
  percentAt: number
  /** Open slots by holder. */
  readonly slots: Map<string, number>
  /** Who waits, where several processes share it. */
  turns?: Turns
}

/** How long the rate stays before it rises, and by how much. */
const percentStepMs = 60_000
const percentStep = 5
const lowestPercent = 5
/** Debt beyond it is not counted: a number would not hold it exactly. No real call comes near. */
const deepest = -(2 ** 52)

/** Of a rate: nobody ever writes into it. */
const noSlots: Bucket['slots'] = new Map()

/** A full bucket. */
export function createBucket(rule: Rule, value: string, now: number): Bucket {
  const level = rule.capacity * rule.unit
  const slots = rule.counts === 'concurrent' ? new Map<string, number>() : noSlots
  return {
    rule,
    value,
    level,
    at: now,
    open: 0,
    taken: 0,
    returnable: 0,
    learnedMark: 0,
    cutMark: 0,
    percent: 100,
    percentAt: now,
    slots,
  }
}

/** Takes over a changed configuration. What is left stays left; nothing is created. */
export function adoptRule(bucket: Bucket, rule: Rule): void {
  const { unit } = bucket.rule
  const level = unit === rule.unit ? bucket.level : Math.floor((bucket.level / unit) * rule.unit)
  bucket.level = Math.min(level, rule.capacity * rule.unit)
  bucket.returnable = Math.floor((bucket.returnable / unit) * rule.unit)
  bucket.rule = rule
}

/** Refills up to `now`. A clock that went back refills nothing until it is where it was. */
export function advance(bucket: Bucket, now: number): void {
  while (bucket.percent < 100 && now >= bucket.percentAt + percentStepMs) {
    bucket.percentAt += percentStepMs
    refill(bucket, bucket.percentAt)
    bucket.percent = Math.min(100, bucket.percent + percentStep)
  }
  refill(bucket, now)
}

function refill(bucket: Bucket, to: number): void {
  if (to <= bucket.at) return
  const { capacity, unit } = bucket.rule
  bucket.level = Math.min(capacity * unit, bucket.level + (to - bucket.at) * currentRate(bucket.rule, bucket.percent))
  bucket.at = to
  forgetReturns(bucket)
}

function forgetReturns(bucket: Bucket): void {
  bucket.returnable = Math.min(bucket.returnable, bucket.rule.capacity * bucket.rule.unit - bucket.level)
}

function currentRate(rule: Rule, percent: number): number {
  return (rule.rate / 100) * percent
}

/** What can be taken of an advanced bucket, in tokens; negative while there is debt. */
export function availableIn({ rule, level, open }: Bucket): number {
  if (rule.counts === 'concurrent') return rule.capacity - open
  return Math.floor(Math.min(level / rule.unit, rule.capacity))
}

/**
 * When an advanced bucket of a rate has room for the amount, if nothing else happens: a time of the clock, or 0 when it
 * has room now. The amount must not be larger than the capacity.
 */
export function roomAt(bucket: Bucket, amount: number): number {
  const { rule } = bucket
  let missing = amount * rule.unit - bucket.level
  if (missing <= 0 || amount === 0) return 0
  let { at, percent } = bucket
  for (let stepAt = bucket.percentAt + percentStepMs; percent < 100; stepAt += percentStepMs) {
    const rate = currentRate(rule, percent)
    if (missing <= (stepAt - at) * rate) return at + Math.ceil(missing / rate)
    missing -= (stepAt - at) * rate
    at = stepAt
    percent = Math.min(100, percent + percentStep)
  }
  return at + Math.ceil(missing / rule.rate)
}

/** Takes the amount of an advanced bucket that has room. Returns the mark of the permit. */
export function takeFrom(bucket: Bucket, amount: number, holder: string): number {
  const { capacity, counts, unit } = bucket.rule
  if (counts === 'concurrent') {
    bucket.slots.set(holder, slotsOf(bucket, holder) + amount)
  } else {
    bucket.level = Math.min(bucket.level, capacity * unit)
    forgetReturns(bucket)
    bucket.level -= amount * unit
    bucket.returnable += amount * unit
  }
  bucket.open += amount
  bucket.taken += amount
  return bucket.taken
}

/** Ends a reservation of which `used` was really used. The bucket must be advanced. */
export function endIn(bucket: Bucket, { amount, mark }: Reserved, used: number, holder: string): void {
  bucket.open -= amount
  if (bucket.rule.counts !== 'concurrent') {
    const { unit } = bucket.rule
    const returnable = Math.max(0, bucket.returnable - (bucket.taken - mark) * unit)
    bucket.level = Math.max(deepest, bucket.level + Math.min(returnable, (amount - used) * unit))
    return
  }
  const left = slotsOf(bucket, holder) - amount
  if (left > 0) bucket.slots.set(holder, left)
  else bucket.slots.delete(holder)
}

function slotsOf({ slots }: Bucket, holder: string): number {
  return slots.get(holder) ?? 0
}

/** What a permit holds of a bucket. */
export interface Reserved {
  readonly amount: number
  /** What the bucket had given out when this was taken. */
  readonly mark: number
}

/**
 * The provider says what remained when it answered the permit with this mark. Permits that were taken later may be
 * unknown to it, so they are subtracted; an answer older than the newest that was heard says nothing. Only lowers.
 */
export function lowerTo(bucket: Bucket, remaining: number, mark: number, own: number): void {
  if (mark < bucket.learnedMark) return
  bucket.learnedMark = mark
  const later = Math.min(bucket.open - own, bucket.taken - mark)
  bucket.level = Math.max(deepest, Math.min(bucket.level, (remaining - later) * bucket.rule.unit))
}

/**
 * The provider refused without saying why: 70 % of the rate from now on, and 5 % of it back each minute. Of calls that
 * were under way together one is enough, so permits from before the last cut do not cut again.
 */
export function cutRate(bucket: Bucket, mark: number): void {
  if (mark <= bucket.cutMark) return
  bucket.cutMark = bucket.taken
  bucket.percent = Math.max(lowestPercent, Math.floor(bucket.percent * 0.7))
  bucket.percentAt = bucket.at
  bucket.level = Math.min(bucket.level, Math.floor((bucket.rule.capacity * bucket.rule.unit * bucket.percent) / 100))
}

/** True when forgetting an advanced bucket changes nothing: a new one would be the same. */
export function isIdle({ rule, open, percent, level }: Bucket): boolean {
  return open === 0 && percent === 100 && level >= rule.capacity * rule.unit
}
