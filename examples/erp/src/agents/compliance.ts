import { z } from 'zod'

import { agentRole } from './agent-role.ts'
import type { AgentRole } from './agent-role.ts'

/** One for each expense report. */
export const expenseChecker: AgentRole = agentRole({
  name: 'expense-checker',
  job: 'expense-policy',
  toolNames: ['expense_report', 'read_document', 'calculator'],
  input: { reportId: z.string() },
  task: `
You check one expense report against policy.md. Read both. For every line report the first that applies, with "REPORT/LINE" as subject:
1. not_allowed {}: the category is not allowed or not in the policy.
2. duplicate_line {original}: an earlier line of the report has the same day, category and amount; "original" is its number.
3. too_old {ageDays}: older than expense_age_days.
4. over_limit {amountCents, limitCents}: more than the limit times the units.
5. no_receipt {amountCents}: no receipt although the amount reaches "receipt from".`,
})

/** One for the month. */
export const changeMonitor: AgentRole = agentRole({
  name: 'change-monitor',
  job: 'change-monitoring',
  toolNames: ['previous_report', 'query', 'read_document'],
  task: `
You report what has changed since the last report. Read it, then suppliers(supplier_id, iban, terms_days) and price_list(supplier_id, item_id, unit_price) with SQL,
and policy.md. Report all that apply:
- new_supplier {}, subject the supplier id: not in the last report.
- bank_account_changed {from, to}, subject the supplier id.
- terms_changed {fromDays, toDays}, subject the supplier id.
- price_increase {fromCents, toCents}, subject "SUPPLIER/ITEM": risen by more than price_increase_percent. Prices without a previous one do not count.
- limit_changed {fromCents, toCents}, subject the category: another expense limit than in the last report.`,
})

/** One for the month. */
export const trailAuditor: AgentRole = agentRole({
  name: 'trail-auditor',
  job: 'audit-trail',
  toolNames: ['approval_trail', 'query'],
  task: `
You check the audit trail. Read the trail of all payments, and find the holes in journal(entry_no) with SQL. Report:
- sequence_gap {after, before}, subject the first missing number: entries are missing between two numbers.
For each payment the first that applies, with the payment id as subject:
1. missing_approval {}: nobody approved it.
2. self_approval {userId}: the one who entered it approved it.
3. approved_after_payment {approvedAt, paidAt}: approved later than paid.
4. over_authority {userId, limitCents, amountCents}: above the limit of the one who approved it.`,
})

/** One for the month. */
export const riskScorer: AgentRole = agentRole({
  name: 'risk-scorer',
  job: 'risk-score',
  toolNames: ['supplier_profiles', 'read_document', 'calculator'],
  task: `
You score the risk of every supplier. Read the profiles and policy.md. Add the risk points of all factors that hold: watchlist_country (its country is on the watch
list), contract_expired (no contract in force), certificate_missing, young_company (younger than young_company_months), foreign_account (account in another
country). Report, with the supplier id as subject:
- high_risk {score}: from high_risk_score on.
- elevated_risk {score}: from elevated_risk_score on.`,
})
