import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** Invoices that could be the same one entered again. */
export const findSimilarInvoices: ErpTool = erpTool({
  name: 'find_similar_invoices',
  description:
    'Lists the other invoices of the same supplier over the same total. Whether one is the same invoice entered twice is yours to judge by the references.',
  effect: 'read',
  input: z.strictObject({ invoiceId: z.string() }),
  output: z.strictObject({
    similar: z.array(
      z.strictObject({ invoiceId: z.string(), reference: z.string(), issuedOn: z.string(), totalCents: z.int() }),
    ),
  }),
  run: (company, { invoiceId }) => ({
    similar: select(
      company,
      `
      SELECT other.invoice_id AS invoiceId, other.reference, other.issued_on AS issuedOn, other.total AS totalCents
      FROM invoices AS own JOIN invoices AS other ON other.supplier_id = own.supplier_id AND other.total = own.total
      WHERE own.invoice_id = ? AND other.invoice_id <> own.invoice_id ORDER BY other.invoice_id`,
      invoiceId,
    ),
  }),
})
