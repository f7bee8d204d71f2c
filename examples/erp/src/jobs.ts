/** The four workflows of a month-end. */
export type WorkflowName = 'finance' | 'inventory' | 'hr' | 'compliance'

/** The name of one of the sixteen jobs. */
export type JobName =
  | 'invoice-matching'
  | 'payment-plan'
  | 'bank-reconciliation'
  | 'audit-report'
  | 'stock-levels'
  | 'demand-forecast'
  | 'reorder'
  | 'supplier-choice'
  | 'resume-screening'
  | 'candidate-matching'
  | 'interview-slots'
  | 'onboarding-checklist'
  | 'expense-policy'
  | 'change-monitoring'
  | 'audit-trail'
  | 'risk-score'

/** One of the sixteen jobs, with the kinds of findings it may report and how they are called in the report. */
export interface Job {
  readonly name: JobName
  readonly title: string
  readonly workflow: WorkflowName
  readonly kinds: Readonly<Record<string, string>>
}

/** The sixteen jobs, in the order of the report. */
export const jobs: readonly Job[] = [
  {
    name: 'invoice-matching',
    title: 'Three-way match and duplicates',
    workflow: 'finance',
    kinds: {
      duplicate_invoice: 'Invoice entered twice',
      no_order: 'No such order',
      not_received: 'Nothing received',
      item_not_ordered: 'Item not ordered',
      price_differs: 'Price differs from the order',
      quantity_exceeds_receipt: 'More invoiced than received',
      sum_wrong: 'Does not add up',
    },
  },
  {
    name: 'payment-plan',
    title: 'Payment terms and payment plan',
    workflow: 'finance',
    kinds: {
      due_date_differs: 'Due date differs from the terms',
      overdue: 'Overdue',
      discount_available: 'Discount can be taken',
    },
  },
  {
    name: 'bank-reconciliation',
    title: 'Bank reconciliation',
    workflow: 'finance',
    kinds: {
      missing_in_cash_book: 'Missing in the cash book',
      missing_on_statement: 'Missing on the statement',
      amount_differs: 'Amount differs',
      account_differs: 'Account differs',
      paid_twice: 'Paid twice',
    },
  },
  {
    name: 'audit-report',
    title: 'Audit report',
    workflow: 'finance',
    kinds: {
      split_order: 'Order split below the limit',
      stale_order: 'Stale order',
      receipt_before_order: 'Received before ordered',
      unbilled_receipt: 'Received and not billed (accrual)',
    },
  },
  {
    name: 'stock-levels',
    title: 'Stock levels',
    workflow: 'inventory',
    kinds: {
      negative_stock: 'Stock below zero',
      overstock: 'Above the maximum',
      below_safety: 'Below safety stock, on order',
    },
  },
  {
    name: 'demand-forecast',
    title: 'Demand forecast',
    workflow: 'inventory',
    kinds: { demand_rising: 'Demand rising', demand_falling: 'Demand falling', no_sales: 'No longer sold' },
  },
  {
    name: 'reorder',
    title: 'Reorder',
    workflow: 'inventory',
    kinds: { reorder: 'Order', expedite: 'Order and expedite' },
  },
  {
    name: 'supplier-choice',
    title: 'Supplier choice',
    workflow: 'inventory',
    kinds: { better_offer: 'Better offer', offer_expired: 'Offer has lapsed', single_source: 'Single source' },
  },
  {
    name: 'resume-screening',
    title: 'Resume screening',
    workflow: 'hr',
    kinds: {
      missing_contact: 'No contact',
      no_work_permit: 'No work permit',
      unclear_dates: 'Unclear dates',
      employment_gap: 'Employment gap',
    },
  },
  {
    name: 'candidate-matching',
    title: 'Candidate matching',
    workflow: 'hr',
    kinds: { match: 'Fits', near_match: 'One skill short' },
  },
  { name: 'interview-slots', title: 'Interview slots', workflow: 'hr', kinds: { slot: 'Slot', no_slot: 'No slot' } },
  {
    name: 'onboarding-checklist',
    title: 'Onboarding checklist',
    workflow: 'hr',
    kinds: { task_missing: 'Task forgotten', task_overdue: 'Task overdue' },
  },
  {
    name: 'expense-policy',
    title: 'Expense policy check',
    workflow: 'compliance',
    kinds: {
      not_allowed: 'Not allowed',
      duplicate_line: 'Claimed twice',
      too_old: 'Too old',
      over_limit: 'Over the limit',
      no_receipt: 'Receipt missing',
    },
  },
  {
    name: 'change-monitoring',
    title: 'Changes since the last report',
    workflow: 'compliance',
    kinds: {
      new_supplier: 'New supplier',
      bank_account_changed: 'Bank account changed',
      terms_changed: 'Terms changed',
      price_increase: 'Price increase',
      limit_changed: 'Policy limit changed',
    },
  },
  {
    name: 'audit-trail',
    title: 'Audit trail',
    workflow: 'compliance',
    kinds: {
      sequence_gap: 'Journal entry missing',
      missing_approval: 'Not approved',
      self_approval: 'Approved by the one who entered it',
      approved_after_payment: 'Approved after payment',
      over_authority: 'Above the limit of the approver',
    },
  },
  {
    name: 'risk-score',
    title: 'Supplier risk score',
    workflow: 'compliance',
    kinds: { high_risk: 'High risk', elevated_risk: 'Elevated risk' },
  },
]

/** The kinds a job may report. */
export function kindsOf(name: JobName): readonly string[] {
  return Object.keys(jobs.find((job) => job.name === name)?.kinds ?? {})
}
