import { z } from 'zod'

import { addDays, daysBetween } from '../../data/dates.ts'
import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

const row = z.object({
  invoiceId: z.string(),
  supplierId: z.string(),
  issuedOn: z.string(),
  printedDueOn: z.string(),
  totalCents: z.int(),
  termsDays: z.int(),
  discountPercent: z.int(),
  discountDays: z.int(),
})

/** Unpaid invoices beside the terms agreed with their suppliers. */
export const paymentTerms: ErpTool = erpTool({
  name: 'payment_terms',
  description:
    'Lists all invoices that the cash book does not show as paid: the due date printed on them, the one agreed with the supplier, days late (negative: still to come), and until when which discount may be taken.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    open: z.array(
      z.strictObject({
        invoiceId: z.string(),
        totalCents: z.int(),
        printedDueOn: z.string(),
        agreedDueOn: z.string(),
        daysLate: z.int(),
        discountPercent: z.int(),
        discountUntil: z.string().optional(),
      }),
    ),
  }),
  run: (company) => ({
    open: select(
      company,
      `
      SELECT invoice_id AS invoiceId, supplier_id AS supplierId, issued_on AS issuedOn, due_on AS printedDueOn, total AS totalCents,
        terms_days AS termsDays, discount_percent AS discountPercent, discount_days AS discountDays
      FROM invoices JOIN suppliers USING (supplier_id)
      WHERE invoice_id NOT IN (SELECT invoice_id FROM payments) ORDER BY invoice_id`,
    ).map((raw) => {
      const invoice = row.parse(raw)
      const agreedDueOn = addDays(invoice.issuedOn, invoice.termsDays)
      return {
        invoiceId: invoice.invoiceId,
        totalCents: invoice.totalCents,
        printedDueOn: invoice.printedDueOn,
        agreedDueOn,
        daysLate: daysBetween(agreedDueOn, company.facts.asOf),
        discountPercent: invoice.discountPercent,
        ...(invoice.discountPercent === 0 ? {} : { discountUntil: addDays(invoice.issuedOn, invoice.discountDays) }),
      }
    }),
  }),
})
