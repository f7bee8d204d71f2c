import { z } from 'zod'

import { daysBetween } from '../../data/dates.ts'
import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** One expense report, line by line. */
export const expenseReport: ErpTool = erpTool({
  name: 'expense_report',
  description: 'Reads one expense report. Amounts are in cents; the age is in days at submission.',
  effect: 'read',
  input: z.strictObject({ reportId: z.string() }),
  output: z.strictObject({
    lines: z.array(
      z.strictObject({
        line: z.int(),
        spentOn: z.string(),
        ageDays: z.int(),
        category: z.string(),
        units: z.int(),
        amountCents: z.int(),
        receipt: z.enum(['yes', 'no']),
      }),
    ),
  }),
  run: (company, { reportId }) => ({
    lines: select(
      company,
      `
      SELECT line, spent_on AS spentOn, category, units, amount AS amountCents, receipt, submitted_on AS submittedOn
      FROM expenses JOIN expense_reports USING (report_id) WHERE report_id = ? ORDER BY line`,
      reportId,
    ).map(({ submittedOn, ...line }) => ({
      ...line,
      ageDays: daysBetween(String(line['spentOn']), String(submittedOn)),
    })),
  }),
})
