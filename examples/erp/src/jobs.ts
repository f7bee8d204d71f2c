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

/** A kind of finding: how the report calls it, and the facts that every finding of it states. */
export interface Kind {
  readonly title: string
  readonly texts?: readonly string[]
  /** Whole numbers; those that are amounts end in "Cents". */
  readonly numbers?: readonly string[]
}

/** One of the sixteen jobs, with the kinds of findings it may report. */
export interface Job {
  readonly name: JobName
  readonly title: string
  readonly workflow: WorkflowName
  readonly kinds: Readonly<Record<string, Kind>>
}

/** The sixteen jobs, in the order of the report. */
export const jobs: readonly Job[] = [
  {
    name: 'invoice-matching',
    title: 'Three-way match and duplicates',
    workflow: 'finance',
    kinds: {
      duplicate_invoice: { title: 'Invoice entered twice', texts: ['original'] },
      no_order: { title: 'No such order', texts: ['orderId'] },
      not_received: { title: 'Nothing received', texts: ['orderId'] },
      item_not_ordered: { title: 'Item not ordered', texts: ['itemId'] },
      price_differs: {
        title: 'Price differs from the order',
        texts: ['itemId'],
        numbers: ['invoicedCents', 'orderedCents'],
      },
      quantity_exceeds_receipt: {
        title: 'More invoiced than received',
        texts: ['itemId'],
        numbers: ['invoiced', 'received'],
      },
      sum_wrong: { title: 'Does not add up', texts: ['place'], numbers: ['statedCents', 'computedCents'] },
    },
  },
  {
    name: 'payment-plan',
    title: 'Payment terms and payment plan',
    workflow: 'finance',
    kinds: {
      due_date_differs: { title: 'Due date differs from the terms', texts: ['printed', 'agreed'] },
      overdue: { title: 'Overdue', texts: ['dueOn'], numbers: ['daysLate'] },
      discount_available: { title: 'Discount can be taken', texts: ['until'], numbers: ['percent'] },
    },
  },
  {
    name: 'bank-reconciliation',
    title: 'Bank reconciliation',
    workflow: 'finance',
    kinds: {
      missing_in_cash_book: { title: 'Missing in the cash book', numbers: ['amountCents'] },
      missing_on_statement: { title: 'Missing on the statement', numbers: ['amountCents'] },
      amount_differs: { title: 'Amount differs', numbers: ['cashBookCents', 'bankCents'] },
      account_differs: { title: 'Account differs', texts: ['cashBookIban', 'bankIban'] },
      paid_twice: { title: 'Paid twice', texts: ['paymentId'] },
    },
  },
  {
    name: 'audit-report',
    title: 'Audit report',
    workflow: 'finance',
    kinds: {
      split_order: { title: 'Order split below the limit', texts: ['orders'], numbers: ['totalCents'] },
      stale_order: { title: 'Stale order', texts: ['orderedOn'] },
      receipt_before_order: { title: 'Received before ordered', texts: ['orderId', 'orderedOn', 'receivedOn'] },
      unbilled_receipt: { title: 'Received and not billed (accrual)', numbers: ['accrualCents'] },
    },
  },
  {
    name: 'stock-levels',
    title: 'Stock levels',
    workflow: 'inventory',
    kinds: {
      negative_stock: { title: 'Stock below zero', numbers: ['onHand'] },
      overstock: { title: 'Above the maximum', numbers: ['onHand', 'maximum'] },
      below_safety: { title: 'Below safety stock, on order', numbers: ['onHand', 'safetyStock'] },
    },
  },
  {
    name: 'demand-forecast',
    title: 'Demand forecast',
    workflow: 'inventory',
    kinds: {
      demand_rising: { title: 'Demand rising', numbers: ['forecast', 'before'] },
      demand_falling: { title: 'Demand falling', numbers: ['forecast', 'before'] },
      no_sales: { title: 'No longer sold', numbers: ['before'] },
    },
  },
  {
    name: 'reorder',
    title: 'Reorder',
    workflow: 'inventory',
    kinds: {
      reorder: { title: 'Order', numbers: ['quantity'] },
      expedite: { title: 'Order and expedite', numbers: ['quantity'] },
    },
  },
  {
    name: 'supplier-choice',
    title: 'Supplier choice',
    workflow: 'inventory',
    kinds: {
      better_offer: { title: 'Better offer', texts: ['from', 'to'], numbers: ['savingCents'] },
      offer_expired: { title: 'Offer has lapsed', texts: ['from', 'to', 'validUntil'] },
      single_source: { title: 'Single source', texts: ['supplierId'] },
    },
  },
  {
    name: 'resume-screening',
    title: 'Resume screening',
    workflow: 'hr',
    kinds: {
      missing_contact: { title: 'No contact', texts: ['missing'] },
      no_work_permit: { title: 'No work permit' },
      unclear_dates: { title: 'Unclear dates', texts: ['entry'] },
      employment_gap: { title: 'Employment gap', texts: ['from', 'to'], numbers: ['months'] },
    },
  },
  {
    name: 'candidate-matching',
    title: 'Candidate matching',
    workflow: 'hr',
    kinds: {
      match: { title: 'Fits', texts: ['jobId'], numbers: ['niceToHave'] },
      near_match: { title: 'One skill short', texts: ['jobId', 'missing'] },
    },
  },
  {
    name: 'interview-slots',
    title: 'Interview slots',
    workflow: 'hr',
    kinds: { slot: { title: 'Slot', texts: ['startsAt'], numbers: ['minutes'] }, no_slot: { title: 'No slot' } },
  },
  {
    name: 'onboarding-checklist',
    title: 'Onboarding checklist',
    workflow: 'hr',
    kinds: {
      task_missing: { title: 'Task forgotten', numbers: ['dueDay'] },
      task_overdue: { title: 'Task overdue', numbers: ['dueDay', 'daysLate'] },
    },
  },
  {
    name: 'expense-policy',
    title: 'Expense policy check',
    workflow: 'compliance',
    kinds: {
      not_allowed: { title: 'Not allowed' },
      duplicate_line: { title: 'Claimed twice', numbers: ['original'] },
      too_old: { title: 'Too old', numbers: ['ageDays'] },
      over_limit: { title: 'Over the limit', numbers: ['amountCents', 'limitCents'] },
      no_receipt: { title: 'Receipt missing', numbers: ['amountCents'] },
    },
  },
  {
    name: 'change-monitoring',
    title: 'Changes since the last report',
    workflow: 'compliance',
    kinds: {
      new_supplier: { title: 'New supplier' },
      bank_account_changed: { title: 'Bank account changed', texts: ['from', 'to'] },
      terms_changed: { title: 'Terms changed', numbers: ['fromDays', 'toDays'] },
      price_increase: { title: 'Price increase', numbers: ['fromCents', 'toCents'] },
      limit_changed: { title: 'Policy limit changed', numbers: ['fromCents', 'toCents'] },
    },
  },
  {
    name: 'audit-trail',
    title: 'Audit trail',
    workflow: 'compliance',
    kinds: {
      sequence_gap: { title: 'Journal entry missing', numbers: ['after', 'before'] },
      missing_approval: { title: 'Not approved' },
      self_approval: { title: 'Approved by the one who entered it', texts: ['userId'] },
      approved_after_payment: { title: 'Approved after payment', texts: ['approvedAt', 'paidAt'] },
      over_authority: {
        title: 'Above the limit of the approver',
        texts: ['userId'],
        numbers: ['limitCents', 'amountCents'],
      },
    },
  },
  {
    name: 'risk-score',
    title: 'Supplier risk score',
    workflow: 'compliance',
    kinds: {
      high_risk: { title: 'High risk', numbers: ['score'] },
      elevated_risk: { title: 'Elevated risk', numbers: ['score'] },
    },
  },
]

/** The kinds a job may report. */
export function kindsOf(name: JobName): Readonly<Record<string, Kind>> {
  return jobs.find((job) => job.name === name)?.kinds ?? {}
}
