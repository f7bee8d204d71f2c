import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** Who entered, approved and sent each payment. */
export const approvalTrail: ErpTool = erpTool({
  name: 'approval_trail',
  description:
    'Lists for every payment who entered it, who approved it with which limit, and when it was paid, as the journal says; a field is absent when the journal has no such entry.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    payments: z.array(
      z.strictObject({
        paymentId: z.string(),
        amountCents: z.int(),
        enteredBy: z.string().optional(),
        approvedBy: z.string().optional(),
        approvedAt: z.string().optional(),
        approvalLimitCents: z.int().optional(),
        paidAt: z.string().optional(),
      }),
    ),
  }),
  run: (company) => ({
    payments: select(
      company,
      `
      SELECT payment_id AS paymentId, amount AS amountCents, entered.user_id AS enteredBy, approved.user_id AS approvedBy,
        approved.at AS approvedAt, approval_limit AS approvalLimitCents, paid.at AS paidAt
      FROM payments
      LEFT JOIN (SELECT payment_id, user_id, min(at) AS at FROM journal WHERE action = 'entered' GROUP BY payment_id) AS entered USING (payment_id)
      LEFT JOIN (SELECT payment_id, user_id, min(at) AS at FROM journal WHERE action = 'approved' GROUP BY payment_id) AS approved USING (payment_id)
      LEFT JOIN (SELECT payment_id, min(at) AS at FROM journal WHERE action = 'paid' GROUP BY payment_id) AS paid USING (payment_id)
      LEFT JOIN users ON users.user_id = approved.user_id
      ORDER BY payment_id`,
    ).map(withoutNulls),
  }),
})

function withoutNulls(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}
