import { MeepoError } from '../base/errors.ts'
import { parseDollars, parsePico } from '../cost/money.ts'
import type { RunLimits } from '../log/events.ts'

/** Limits as people write them. */
export interface AskedLimits {
  readonly limits?: Partial<RunLimits> | undefined
  /** What the run and everything below it may cost, in dollars: `5`, `'$0.50'`. */
  readonly budget?: string | number | undefined
}

/** The limits that were asked for. Throws `money.invalid`, and `config.invalid` for two different amounts. */
export function askedLimits({ limits = {}, budget }: AskedLimits): Partial<RunLimits> {
  if (limits.picoDollars !== undefined && parsePico(limits.picoDollars) < 0n) {
    throw new MeepoError('money.invalid', `limits.picoDollars is ${limits.picoDollars}: a limit is not below 0`)
  }
  if (budget === undefined) return limits
  if (limits.picoDollars !== undefined)
    throw new MeepoError('config.invalid', 'budget and limits.picoDollars are the same: give one')
  return { ...limits, picoDollars: parseDollars(budget).toString() }
}
