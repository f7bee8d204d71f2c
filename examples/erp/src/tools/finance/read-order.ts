import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** What was ordered, and at which price. */
export const readOrder: ErpTool = erpTool({
  name: 'read_order',
  description: 'Reads one purchase order with its lines; "orders" is empty when the order does not exist.',
  effect: 'read',
  input: z.strictObject({ orderId: z.string() }),
  output: z.strictObject({
    orders: z.array(z.strictObject({ orderId: z.string(), supplierId: z.string(), orderedOn: z.string() })),
    lines: z.array(z.strictObject({ itemId: z.string(), quantity: z.int(), unitPriceCents: z.int() })),
  }),
  run: (company, { orderId }) => ({
    orders: select(
      company,
      `
      SELECT order_id AS orderId, supplier_id AS supplierId, ordered_on AS orderedOn FROM orders WHERE order_id = ?`,
      orderId,
    ),
    lines: select(
      company,
      `
      SELECT item_id AS itemId, quantity, unit_price AS unitPriceCents FROM order_lines WHERE order_id = ? ORDER BY item_id`,
      orderId,
    ),
  }),
})
