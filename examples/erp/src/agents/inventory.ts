import { z } from 'zod'

import { agentRole } from './agent-role.ts'
import type { AgentRole } from './agent-role.ts'

/** Judges the levels. */
export const stockKeeper: AgentRole = agentRole({
  name: 'stock-keeper',
  job: 'stock-levels',
  toolNames: ['stock_levels', 'reorder_points'],
  task: `
You judge the stock level of every item. Read the levels and the reorder points. Report, with the item id as subject, at most one for an item:
- negative_stock {onHand}: below zero.
- overstock {onHand, maximum}: above the maximum.
- below_safety {onHand, safetyStock}: below the safety stock while stock plus open orders reach the reorder point.
Items whose position is below the reorder point are the business of the reorder planner, not yours.`,
})

/** Judges the demand. */
export const demandForecaster: AgentRole = agentRole({
  name: 'demand-forecaster',
  job: 'demand-forecast',
  toolNames: ['demand_history', 'read_document'],
  task: `
You watch the demand of every item. Read the demand history and policy.md. Report, with the item id as subject, at most one for an item:
- no_sales {before}: sold before, and the forecast is zero.
- demand_rising {forecast, before}: the forecast is at least demand_rising_percent of before.
- demand_falling {forecast, before}: the forecast is at most demand_falling_percent of before.`,
})

/** Says what to order. */
export const reorderPlanner: AgentRole = agentRole({
  name: 'reorder-planner',
  job: 'reorder',
  toolNames: ['reorder_points', 'calculator'],
  task: `
You decide what to order. Read the reorder points. Leave out items with a stock below zero (they are counted first) or above the maximum. For every
other item whose position is below its reorder point report, with the item id as subject:
- expedite {quantity}: the position is even below the demand of the lead time.
- reorder {quantity}: otherwise.
The quantity fills the position up to the maximum, rounded up to full packs.`,
})

/** Says from whom. */
export const supplierChooser: AgentRole = agentRole({
  name: 'supplier-chooser',
  job: 'supplier-choice',
  toolNames: ['price_list', 'calculator'],
  input: { orders: z.array(z.strictObject({ itemId: z.string(), quantity: z.int() })) },
  figures: {
    orders: z.array(
      z.strictObject({ itemId: z.string(), supplierId: z.string(), quantity: z.int(), costCents: z.int() }),
    ),
  },
  task: `
You choose suppliers. Read the price list. An offer counts when it has not lapsed and its lead time is not above the item's maximum. The best offer
is the cheapest that counts; at equal prices the preferred supplier, then the shorter lead time, then the lower id. Report the first that applies, with the
item id as subject:
1. offer_expired {from, to, validUntil}: the preferred supplier's offer has lapsed or is missing (validUntil "never"); "to" has the best offer, or is "none".
2. better_offer {from, to, savingCents}: another supplier has the best offer; the saving is per piece.
3. single_source {supplierId}: exactly one offer counts.
Figure "orders": for every order of the task, in its order, {itemId, supplierId, quantity, costCents} with the best offer.`,
})
