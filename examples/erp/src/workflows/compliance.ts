import { changeMonitor, expenseChecker, riskScorer, trailAuditor } from '../agents/compliance.ts'
import { select } from '../tools/tool.ts'
import { once } from './workflow.ts'
import type { WorkflowTask } from './workflow.ts'

/** One agent for each expense report; the other three look at the month as a whole. */
export const compliance: readonly WorkflowTask[] = [
  {
    name: 'expense-policy',
    agent: expenseChecker,
    needs: [],
    subject: ({ reportId }) => String(reportId),
    inputs: (company) => select(company, 'SELECT report_id AS reportId FROM expense_reports ORDER BY report_id'),
  },
  once(changeMonitor),
  once(trailAuditor),
  once(riskScorer),
]
