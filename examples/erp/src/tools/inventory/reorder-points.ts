import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'
import { demandOf } from './demand.ts'

const row = z.object({
  itemId: z.string(),
  onHand: z.int(),
  onOrder: z.int(),
  safetyStock: z.int(),
  maximum: z.int(),
  packSize: z.int(),
  leadDays: z.int(),
})

/** What each item needs until a new order arrives. */
export const reorderPoints: ErpTool = erpTool({
  name: 'reorder_points',
  description:
    'Gives for every item its stock, its position (stock plus open orders), the demand forecast for the lead time of its preferred supplier, the reorder point (that demand plus safety stock), the maximum and the pack size.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        itemId: z.string(),
        onHand: z.int(),
        position: z.int(),
        leadDemand: z.int(),
        reorderPoint: z.int(),
        maximum: z.int(),
        packSize: z.int(),
      }),
    ),
  }),
  run: (company) => {
    const demand = new Map(demandOf(company).map((item) => [item.itemId, item.forecast]))
    return {
      items: select(
        company,
        `
        SELECT items.item_id AS itemId, on_hand AS onHand, on_order AS onOrder, safety_stock AS safetyStock, maximum,
          pack_size AS packSize, coalesce(lead_days, max_lead_days) AS leadDays
        FROM items JOIN stock USING (item_id)
        LEFT JOIN price_list ON price_list.item_id = items.item_id AND price_list.supplier_id = items.preferred_supplier
        ORDER BY items.item_id`,
      ).map((raw) => {
        const item = row.parse(raw)
        const leadDemand = Math.ceil(((demand.get(item.itemId) ?? 0) * item.leadDays) / 30)
        return {
          itemId: item.itemId,
          onHand: item.onHand,
          position: item.onHand + item.onOrder,
          leadDemand,
          reorderPoint: leadDemand + item.safetyStock,
          maximum: item.maximum,
          packSize: item.packSize,
        }
      }),
    }
  },
})
