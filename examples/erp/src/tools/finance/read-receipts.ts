import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** What has arrived for an order. */
export const readReceipts: ErpTool = erpTool({
  name: 'read_receipts',
  description: 'Sums the goods received for one purchase order, by item. An empty list means that nothing arrived.',
  effect: 'read',
  input: z.strictObject({ orderId: z.string() }),
  output: z.strictObject({
    received: z.array(z.strictObject({ itemId: z.string(), quantity: z.int(), lastOn: z.string() })),
  }),
  run: (company, { orderId }) => ({
    received: select(
      company,
      `
      SELECT item_id AS itemId, sum(quantity) AS quantity, max(received_on) AS lastOn
      FROM receipts WHERE order_id = ? GROUP BY item_id ORDER BY item_id`,
      orderId,
    ),
  }),
})
