import type { PriceBook } from '@meepo/core'

let loading: Promise<PriceBook> | undefined

/** The price book that ships with this package. Read when it is first asked for. */
export function shippedPrices(): Promise<PriceBook> {
  loading ??= import('./book.json', { with: { type: 'json' } }).then(
    // Made and checked by scripts/prices; a test checks the committed file.
    ({ default: book }) => book as unknown as PriceBook,
  )
  return loading
}
