import { z } from 'zod'

import { daysBetween } from '../../data/dates.ts'
import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** The company's side of the reconciliation. */
export const cashBook: ErpTool = erpTool({
  name: 'cash_book',
  description: 'Lists the payments that the company recorded, with their age in days at the as-of date.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    payments: z.array(
      z.strictObject({ paymentId: z.string(), ageDays: z.int(), amountCents: z.int(), iban: z.string() }),
    ),
  }),
  run: (company) => ({
    payments: select(
      company,
      `
      SELECT payment_id AS paymentId, paid_on AS paidOn, amount AS amountCents, iban FROM payments ORDER BY payment_id`,
    ).map(({ paidOn, ...payment }) => ({ ...payment, ageDays: daysBetween(String(paidOn), company.facts.asOf) })),
  }),
})
