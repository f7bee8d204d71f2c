import { auditor, bankReconciler, invoiceChecker, paymentPlanner } from '../agents/finance.ts'
import { select } from '../tools/tool.ts'
import { once } from './workflow.ts'
import type { Done, WorkflowTask } from './workflow.ts'

/** One agent for each invoice; the plan leaves out what they block, the audit sums up. */
export const finance: readonly WorkflowTask[] = [
  {
    name: 'invoice-matching',
    agent: invoiceChecker,
    needs: [],
    subject: ({ invoiceId }) => String(invoiceId),
    inputs: (company) =>
      select(company, 'SELECT invoice_id AS invoiceId, order_id AS orderId FROM invoices ORDER BY invoice_id'),
  },
  {
    name: 'payment-plan',
    agent: paymentPlanner,
    needs: ['invoice-matching'],
    inputs: (_company, done) => [{ blocked: blockedIn(done) }],
  },
  once(bankReconciler),
  {
    name: 'audit-report',
    agent: auditor,
    needs: ['invoice-matching', 'bank-reconciliation'],
    inputs: (company, done) => [
      {
        asOf: company.facts.asOf,
        invoicesChecked: done.get('invoice-matching')?.length ?? 0,
        invoicesBlocked: blockedIn(done).length,
        statementDifferences: (done.get('bank-reconciliation') ?? []).flatMap((output) => output.findings).length,
      },
    ],
  },
]

function blockedIn(done: Done): string[] {
  const findings = (done.get('invoice-matching') ?? []).flatMap((output) => output.findings)
  return [...new Set(findings.map((finding) => finding.subject))].sort()
}
