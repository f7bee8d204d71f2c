import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** One supplier invoice as it was entered. */
export const readInvoice: ErpTool = erpTool({
  name: 'read_invoice',
  description: 'Reads one supplier invoice with its lines. Amounts are in cents.',
  effect: 'read',
  input: z.strictObject({ invoiceId: z.string() }),
  output: z.strictObject({
    invoices: z.array(
      z.strictObject({
        invoiceId: z.string(),
        supplierId: z.string(),
        reference: z.string(),
        orderId: z.string(),
        issuedOn: z.string(),
        netCents: z.int(),
        taxCents: z.int(),
        totalCents: z.int(),
      }),
    ),
    lines: z.array(
      z.strictObject({
        line: z.int(),
        itemId: z.string(),
        quantity: z.int(),
        unitPriceCents: z.int(),
        amountCents: z.int(),
      }),
    ),
  }),
  run: (company, { invoiceId }) => ({
    invoices: select(
      company,
      `
      SELECT invoice_id AS invoiceId, supplier_id AS supplierId, reference, order_id AS orderId, issued_on AS issuedOn,
        net AS netCents, tax AS taxCents, total AS totalCents
      FROM invoices WHERE invoice_id = ?`,
      invoiceId,
    ),
    lines: select(
      company,
      `
      SELECT line, item_id AS itemId, quantity, unit_price AS unitPriceCents, amount AS amountCents
      FROM invoice_lines WHERE invoice_id = ? ORDER BY line`,
      invoiceId,
    ),
  }),
})
