import type { PriceBook } from '@meepo/core'

/** How fresh the prices of a book are. */
export interface PriceAge {
  /** Since the newest source was published. */
  readonly days: number
  readonly isOld: boolean
  /** Cards that no source has confirmed for longer than that, as `openai/gpt-realtime`. */
  readonly oldCards: readonly string[]
}

const dayMs = 86_400_000
/** After so many days prices may have changed: providers change them several times a year. */
const oldAfterDays = 30

/** Looks at the age of a book at a moment, in milliseconds since 1970. */
export function checkAge(book: PriceBook, now: number): PriceAge {
  const days = daysSince(book.verifiedAt, now)
  const oldCards = book.cards
    .filter(({ lastVerified }) => daysSince(lastVerified, now) > oldAfterDays)
    .map(({ provider, model }) => `${provider}/${model}`)
  return { days, isOld: days > oldAfterDays, oldCards }
}

/** What to tell whoever runs on such a book; `undefined` when it is fresh. */
export function ageWarning(book: PriceBook, now: number): string | undefined {
  const { days, isOld } = checkAge(book, now)
  if (!isOld) return undefined
  return `the price book ${book.version} is ${days} days old: update @meepo/gateway, or override prices that changed`
}

function daysSince(date: string, now: number): number {
  return Math.floor((now - Date.parse(date)) / dayMs)
}
