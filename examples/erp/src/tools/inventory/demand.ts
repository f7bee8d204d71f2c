import { z } from 'zod'

import type { Company } from '../../data/company.ts'
import { select } from '../tool.ts'

/** Monthly demand of an item: the average of the last three months, and of those before. */
export interface Demand {
  readonly itemId: string
  readonly forecast: number
  readonly before: number
}

const row = z.object({ itemId: z.string(), quantity: z.int() })

/** A three-month moving average for each item, in whole pieces, halves rounded up; the newest months of the data count. */
export function demandOf(company: Company): Demand[] {
  const months = new Map<string, number[]>()
  const sales = select(company, 'SELECT item_id AS itemId, quantity FROM sales ORDER BY item_id, month')
  for (const raw of sales) {
    const { itemId, quantity } = row.parse(raw)
    months.set(itemId, [...(months.get(itemId) ?? []), quantity])
  }
  return [...months].map(([itemId, quantities]) => ({
    itemId,
    forecast: average(quantities.slice(-3)),
    before: average(quantities.slice(0, -3)),
  }))
}

function average(quantities: readonly number[]): number {
  const sum = quantities.reduce((total, quantity) => total + quantity, 0)
  return quantities.length === 0 ? 0 : Math.floor((2 * sum + quantities.length) / (2 * quantities.length))
}
