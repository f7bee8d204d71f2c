import { z } from 'zod'

import { agentRole } from './agent-role.ts'
import type { AgentRole } from './agent-role.ts'

/** One for each invoice. */
export const invoiceChecker: AgentRole = agentRole({
  name: 'invoice-checker',
  job: 'invoice-matching',
  toolNames: ['read_invoice', 'read_order', 'read_receipts', 'find_similar_invoices', 'calculator'],
  input: { invoiceId: z.string(), orderId: z.string() },
  task: `
You check one supplier invoice before it may be paid. Read the invoice, its order, the goods received and similar invoices
(all at once), then check the sums. Report the first of these that applies, with the invoice id as subject, and nothing else:
1. duplicate_invoice {original}: an earlier invoice (by date, then id) of this supplier over the same total has the same reference, when
   capitals, blanks and punctuation are ignored. "original" is the earliest of them. Equal totals alone are no duplicate.
2. no_order {orderId}: the order does not exist.
3. not_received {orderId}: nothing was received for the order.
4. item_not_ordered {itemId}: a line names an item that is not on the order.
5. price_differs {itemId, invoicedCents, orderedCents}: a unit price is not the one ordered.
6. quantity_exceeds_receipt {itemId, invoiced, received}: a line invoices more than was received. Less is fine.
7. sum_wrong {place, statedCents, computedCents}: "line N" is not quantity times price, or "net" is not the sum of those products, or
   "total" is not net plus tax; take the first in this order.`,
})

/** One for the month. */
export const paymentPlanner: AgentRole = agentRole({
  name: 'payment-planner',
  job: 'payment-plan',
  toolNames: ['payment_terms', 'payment_calendar', 'calculator'],
  input: { blocked: z.array(z.string()) },
  figures: { runs: z.array(z.strictObject({ payOn: z.string(), invoices: z.int(), amountCents: z.int() })) },
  task: `
You check the terms of all open invoices and plan their payment. Ask for the terms and for the next 26 payment days. Report, with the
invoice id as subject, all that apply:
- due_date_differs {printed, agreed}: the printed due date is not the agreed one.
- overdue {dueOn, daysLate}: the agreed due date has passed.
- discount_available {until, percent}: the next payment day is not after the last day of the discount.
Then plan: leave out the invoices listed as "blocked" in the task. Pay each other one on the last payment day that is not after its
discount day (if a discount is available) or else its agreed due date; if none is, on the next payment day. With a discount pay the total less
the percent, rounded to the cent. The figure "runs" lists [{payOn, invoices, amountCents}] in the order of dates, without empty days.`,
})

/** One for the month. */
export const bankReconciler: AgentRole = agentRole({
  name: 'bank-reconciler',
  job: 'bank-reconciliation',
  toolNames: ['bank_lines', 'cash_book', 'read_document'],
  task: `
You reconcile the bank statement with the cash book. Read both and policy.md. Only lines with a negative amount count. The first word of a
line's reference is the payment id. Report:
- missing_in_cash_book {amountCents}, subject the line id: the cash book has no such payment. The amount is positive.
- paid_twice {paymentId}, subject the line id: a line for a payment that an earlier line already settled.
- amount_differs {cashBookCents, bankCents}, subject the payment id.
- account_differs {cashBookIban, bankIban}, subject the payment id, only if the amounts agree.
- missing_on_statement {amountCents}, subject the payment id: no line for it although it is older than bank_transit_days of the policy.`,
})

/** One for the month, when the others of its workflow are done. */
export const auditor: AgentRole = agentRole({
  name: 'auditor',
  job: 'audit-report',
  toolNames: ['read_document', 'query', 'calculator'],
  input: { asOf: z.string(), invoicesChecked: z.int(), invoicesBlocked: z.int(), statementDifferences: z.int() },
  figures: { invoicesChecked: z.int(), invoicesBlocked: z.int(), statementDifferences: z.int(), accrualCents: z.int() },
  task: `
You audit the purchases as a whole. Read policy.md for the thresholds, then use SQL on orders(order_id, supplier_id, ordered_on),
order_lines(order_id, item_id, quantity, unit_price), receipts(receipt_id, order_id, item_id, quantity, received_on) and
invoices(invoice_id, order_id). Report:
- split_order {orders, totalCents}, subject "SUPPLIER DATE": several orders to one supplier on one day, none above order_approval_limit, together
  above it. "orders" lists their ids in order, joined by ", ".
- stale_order {orderedOn}, subject the order id: ordered more than stale_order_days before "asOf" and nothing received.
- receipt_before_order {orderId, orderedOn, receivedOn}, subject the receipt id: received before the day of the order.
- unbilled_receipt {accrualCents}, subject the order id: goods were received and no invoice names the order; the accrual is what was received at the
  prices ordered.
Figures: "accrualCents" is the sum of all accruals; copy invoicesChecked, invoicesBlocked and statementDifferences from the task.`,
})
