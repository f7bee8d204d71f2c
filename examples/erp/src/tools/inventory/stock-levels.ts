import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** What lies in the warehouse, beside the bounds set for each item. */
export const stockLevels: ErpTool = erpTool({
  name: 'stock_levels',
  description: 'Lists every item with its stock, open orders, safety stock and maximum.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    items: z.array(
      z.strictObject({ itemId: z.string(), onHand: z.int(), onOrder: z.int(), safetyStock: z.int(), maximum: z.int() }),
    ),
  }),
  run: (company) => ({
    items: select(
      company,
      `
      SELECT item_id AS itemId, on_hand AS onHand, on_order AS onOrder, safety_stock AS safetyStock, maximum
      FROM items JOIN stock USING (item_id) ORDER BY item_id`,
    ),
  }),
})
