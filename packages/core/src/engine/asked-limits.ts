import { MeepoError } from '../base/errors.ts'
import { parseDollars, parsePico } from '../cost/money.ts'
import type { RunLimits } from '../log/events.ts'

/** Limits as people write them. */
export interface AskedLimits {
  readonly limits?: Partial<RunLimits> | undefined
  /** What the run and everything below it may cost, in dollars: `5`, `'$0.50'`. */
  readonly budget?: string | number | undefined
}

const policies: readonly unknown[] = [undefined, 'deny', 'assume_ceiling', 'allow_flagged']

/**
 * The limits that were asked for. Throws `money.invalid`, and `config.invalid` for two different amounts and for an
 * unknown policy for calls without a price.
 */
export function askedLimits({ limits = {}, budget }: AskedLimits): Partial<RunLimits> {
  if (limits.picoDollars !== undefined && parsePico(limits.picoDollars) < 0n) {
    throw new MeepoError('money.invalid', `limits.picoDollars is ${limits.picoDollars}: a limit is not below 0`)
  }
  if (!policies.includes(limits.unpriced)) {
    const message = 'has an unknown unpriced; there are deny, assume_ceiling and allow_flagged'
    throw new MeepoError('config.invalid', `the limit of a run ${message}`)
  }
  if (budget === undefined) return limits
  if (limits.picoDollars !== undefined)
    throw new MeepoError('config.invalid', 'budget and limits.picoDollars are the same: give one')
  return { ...limits, picoDollars: parseDollars(budget).toString() }
}
