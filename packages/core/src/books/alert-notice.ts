import type { BudgetBook } from '../admission/budget/book.ts'
import { readAccountKey } from '../admission/budget/line.ts'
import { formatDollars, parsePico } from '../cost/money.ts'
import type { Alert } from '../store/money.ts'

/** An alert as sinks get it. Plain JSON. */
export interface AlertNotice {
  /** The same whenever the same alert is told again: who must not act twice remembers it. */
  readonly id: string
  /** `threshold`: so much of a budget is gone. `forecast`: at this rate it will be gone before its period ends. */
  readonly kind: 'threshold' | 'forecast'
  /** When it was reached, ISO 8601. */
  readonly at: string
  readonly budget: string
  readonly tenant: string
  /** `user:bob`. */
  readonly scope: string
  /** Percent, of a threshold. */
  readonly threshold?: number
  /** What reached it: what was spent, or that and what is set aside. */
  readonly on: 'settled' | 'committed'
  /** Pico-dollars as text. */
  readonly spent: string
  readonly reserved: string
  readonly limit: string
  /** When the budget starts anew, ISO 8601; absent when it does not. */
  readonly resetsAt?: string
  /** One sentence for people. */
  readonly message: string
}

/** The mark of an alert that no threshold raised. */
export const forecastMark = 'forecast'

/** Tells an alert in the words of budgets. Of a budget that is no longer configured, it tells what the key says. */
export function noticeOf(alert: Alert, book: BudgetBook): AlertNotice {
  const name = readAccountKey(alert.key)
  const endsAt = book.find(alert.key, alert.at)?.period.endsAt ?? Infinity
  const notice = {
    id: alert.id,
    kind: alert.mark === forecastMark ? 'forecast' : 'threshold',
    at: new Date(alert.at).toISOString(),
    budget: name?.budget ?? 'run',
    tenant: name?.tenant ?? '',
    scope: name?.scope ?? alert.key,
    ...(alert.mark === forecastMark ? {} : { threshold: Number.parseFloat(alert.mark) }),
    on: alert.mark.endsWith('committed') ? 'committed' : 'settled',
    spent: alert.settled,
    reserved: alert.reserved,
    limit: alert.limit,
    ...(Number.isFinite(endsAt) ? { resetsAt: new Date(endsAt).toISOString() } : {}),
  } as const
  return { ...notice, message: sentence(notice) }
}

function sentence({
  kind,
  budget,
  scope,
  threshold,
  on,
  spent,
  reserved,
  limit,
  resetsAt,
}: Omit<AlertNotice, 'message'>): string {
  const dollars = (text: string): string => formatDollars(parsePico(text))
  const until = resetsAt === undefined ? '' : `; it starts anew at ${resetsAt}`
  const sum = on === 'settled' ? dollars(spent) : `${dollars(spent)} and ${dollars(reserved)} set aside`
  return kind === 'forecast'
    ? `${scope} has spent ${sum} of ${dollars(limit)} of the budget ${budget} and will reach it at this rate${until}`
    : `${scope} has reached ${threshold}% of the budget ${budget}: ${sum} of ${dollars(limit)}${until}`
}
