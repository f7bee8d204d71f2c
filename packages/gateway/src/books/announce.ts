import { upperBound, type CallIntent, type UpperBoundOptions } from '@meepo/core'

import type { PriceList } from '../prices/price-list.ts'
import type { Target } from '../target.ts'

/** The money of an intent that is sent as it is or not at all: the most that it can cost, else that of the dearest model. */
export function announced(
  prices: PriceList,
  { pricedAs, model, region }: Target,
  options: UpperBoundOptions,
): Pick<CallIntent, 'picoDollars' | 'atLeast' | 'ceiling'> {
  const all = { region, ...options }
  const card = prices.find(pricedAs, model)
  const most = card && upperBound(card, all)?.total
  if (most !== undefined) return { picoDollars: most, atLeast: most }
  const dearest = prices.ceiling(pricedAs, model, options.at)
  const ceiling = dearest && upperBound(dearest, all)?.total
  return { picoDollars: null, atLeast: 0n, ...(ceiling === undefined ? {} : { ceiling }) }
}
