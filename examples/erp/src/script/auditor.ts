import { ask, calculated, call, finish, isAsked, number, rowsFromCall, text } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'
import { readPolicy, threshold } from './policy.ts'

const splitOrders = `
  SELECT supplier_id AS supplierId, ordered_on AS orderedOn, sum(total) AS totalCents, group_concat(order_id, ', ' ORDER BY order_id) AS orders
  FROM (SELECT order_id, supplier_id, ordered_on, sum(quantity * unit_price) AS total
        FROM orders JOIN order_lines USING (order_id) GROUP BY order_id)
  GROUP BY supplier_id, ordered_on HAVING count(*) > 1 AND max(total) <= ? AND sum(total) > ? ORDER BY supplier_id, ordered_on`
const staleOrders = `
  SELECT order_id AS orderId, ordered_on AS orderedOn FROM orders
  WHERE julianday(?) - julianday(ordered_on) > ? AND order_id NOT IN (SELECT order_id FROM receipts) ORDER BY order_id`
const earlyReceipts = `
  SELECT receipt_id AS receiptId, order_id AS orderId, ordered_on AS orderedOn, received_on AS receivedOn
  FROM receipts JOIN orders USING (order_id) WHERE received_on < ordered_on ORDER BY receipt_id`
const unbilledReceipts = `
  SELECT order_id AS orderId, sum(receipts.quantity * unit_price) AS accrualCents
  FROM receipts JOIN order_lines USING (order_id, item_id)
  WHERE order_id NOT IN (SELECT order_id FROM invoices) GROUP BY order_id ORDER BY order_id`

/** Looks for what no single invoice shows, with queries over orders, receipts and invoices. */
export function auditor(talk: Conversation): Answer {
  if (!isAsked(talk, 'read_document')) return ask(readPolicy)
  if (!isAsked(talk, 'query')) {
    const limit = threshold(talk, 'order_approval_limit')
    const staleDays = threshold(talk, 'stale_order_days')
    // Without the thresholds there is nothing to ask for.
    if (Number.isNaN(limit + staleDays)) return finish(talk, [], figures(talk, 0))
    return ask(
      call('query', { sql: splitOrders, values: [limit, limit] }),
      call('query', { sql: staleOrders, values: [text(talk.task, 'asOf'), staleDays] }),
      call('query', { sql: earlyReceipts, values: [] }),
      call('query', { sql: unbilledReceipts, values: [] }),
    )
  }
  const findings = [...split(talk), ...stale(talk), ...early(talk), ...unbilled(talk)]
  const accruals = findings.flatMap(({ values }) =>
    values['accrualCents'] === undefined ? [] : [values['accrualCents']],
  )
  if (accruals.length > 0 && !isAsked(talk, 'calculator'))
    return ask(call('calculator', { expressions: [accruals.join('+')] }))
  return finish(talk, findings, figures(talk, accruals.length === 0 ? 0 : calculated(talk, accruals.join('+'))))
}

function figures(talk: Conversation, accrualCents: number): Row {
  return {
    invoicesChecked: number(talk.task, 'invoicesChecked'),
    invoicesBlocked: number(talk.task, 'invoicesBlocked'),
    statementDifferences: number(talk.task, 'statementDifferences'),
    accrualCents,
  }
}

function split(talk: Conversation): Finding[] {
  return rowsFromCall(talk, 'query', 0, 'rows').map((row) => ({
    kind: 'split_order',
    subject: `${text(row, 'supplierId')} ${text(row, 'orderedOn')}`,
    values: { orders: text(row, 'orders'), totalCents: number(row, 'totalCents') },
    note: `Together ${text(row, 'orders')} would have needed a second signature.`,
  }))
}

function stale(talk: Conversation): Finding[] {
  return rowsFromCall(talk, 'query', 1, 'rows').map((row) => ({
    kind: 'stale_order',
    subject: text(row, 'orderId'),
    values: { orderedOn: text(row, 'orderedOn') },
    note: `Nothing has arrived since ${text(row, 'orderedOn')}.`,
  }))
}

function early(talk: Conversation): Finding[] {
  return rowsFromCall(talk, 'query', 2, 'rows').map((row) => ({
    kind: 'receipt_before_order',
    subject: text(row, 'receiptId'),
    values: { orderId: text(row, 'orderId'), orderedOn: text(row, 'orderedOn'), receivedOn: text(row, 'receivedOn') },
    note: `${text(row, 'orderId')} was written after its goods had come.`,
  }))
}

function unbilled(talk: Conversation): Finding[] {
  return rowsFromCall(talk, 'query', 3, 'rows').map((row) => ({
    kind: 'unbilled_receipt',
    subject: text(row, 'orderId'),
    values: { accrualCents: number(row, 'accrualCents') },
    note: 'The goods are here and no invoice is: accrue them.',
  }))
}
