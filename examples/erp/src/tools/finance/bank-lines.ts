import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** The bank's side of the reconciliation. */
export const bankLines: ErpTool = erpTool({
  name: 'bank_lines',
  description:
    'Lists the bank statement. Money that leaves has a negative amount. A reference usually begins with the payment id.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    lines: z.array(
      z.strictObject({
        lineId: z.string(),
        bookedOn: z.string(),
        iban: z.string(),
        reference: z.string(),
        amountCents: z.int(),
      }),
    ),
  }),
  run: (company) => ({
    lines: select(
      company,
      `
      SELECT line_id AS lineId, booked_on AS bookedOn, iban, reference, amount AS amountCents FROM bank_statement ORDER BY line_id`,
    ),
  }),
})
