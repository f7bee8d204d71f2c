import { count, day, integer, minute, money, month, text, yesNo } from './columns.ts'
import type { Column, ColumnKind } from './columns.ts'

/** One CSV file of the data folder and the database table it fills. */
export interface Table {
  readonly name: string
  readonly file: string
  readonly columns: readonly Column[]
  /** The columns that together occur only once. */
  readonly key: readonly string[]
}

function column(name: string, kind: ColumnKind, refersTo?: string): Column {
  if (refersTo === undefined) return { name, kind }
  const [table = '', target = ''] = refersTo.split('.')
  return { name, kind, refersTo: { table, column: target } }
}

function optional(name: string, kind: ColumnKind): Column {
  return { name, kind, isOptional: true }
}

function table(name: string, key: readonly string[], columns: readonly Column[]): Table {
  return { name, file: `${name.replaceAll('_', '-')}.csv`, key, columns }
}

/** All CSV files, in an order in which a file only refers to files above it. */
export const tables: readonly Table[] = [
  table(
    'suppliers',
    ['supplier_id'],
    [
      column('supplier_id', text),
      column('name', text),
      column('country', text),
      column('iban', text),
      column('terms_days', count),
      column('discount_percent', count),
      column('discount_days', count),
      optional('contract_until', day),
      column('certificate', yesNo),
      column('founded_on', day),
    ],
  ),
  table(
    'items',
    ['item_id'],
    [
      column('item_id', text),
      column('name', text),
      column('safety_stock', count),
      column('maximum', count),
      column('pack_size', count),
      column('preferred_supplier', text, 'suppliers.supplier_id'),
      column('max_lead_days', count),
    ],
  ),
  table(
    'price_list',
    ['supplier_id', 'item_id'],
    [
      column('supplier_id', text, 'suppliers.supplier_id'),
      column('item_id', text, 'items.item_id'),
      column('unit_price', money),
      column('lead_days', count),
      column('valid_until', day),
    ],
  ),
  table(
    'stock',
    ['item_id'],
    [column('item_id', text, 'items.item_id'), column('on_hand', integer), column('on_order', count)],
  ),
  table(
    'sales',
    ['item_id', 'month'],
    [column('item_id', text, 'items.item_id'), column('month', month), column('quantity', count)],
  ),
  table(
    'orders',
    ['order_id'],
    [column('order_id', text), column('supplier_id', text, 'suppliers.supplier_id'), column('ordered_on', day)],
  ),
  table(
    'order_lines',
    ['order_id', 'item_id'],
    [
      column('order_id', text, 'orders.order_id'),
      column('item_id', text, 'items.item_id'),
      column('quantity', count),
      column('unit_price', money),
    ],
  ),
  table(
    'receipts',
    ['receipt_id'],
    [
      column('receipt_id', text),
      column('order_id', text, 'orders.order_id'),
      column('item_id', text, 'items.item_id'),
      column('quantity', count),
      column('received_on', day),
    ],
  ),
  table(
    'invoices',
    ['invoice_id'],
    [
      column('invoice_id', text),
      column('supplier_id', text, 'suppliers.supplier_id'),
      column('reference', text),
      column('order_id', text),
      column('issued_on', day),
      column('due_on', day),
      column('net', money),
      column('tax', money),
      column('total', money),
    ],
  ),
  table(
    'invoice_lines',
    ['invoice_id', 'line'],
    [
      column('invoice_id', text, 'invoices.invoice_id'),
      column('line', count),
      column('item_id', text, 'items.item_id'),
      column('quantity', count),
      column('unit_price', money),
      column('amount', money),
    ],
  ),
  table(
    'payments',
    ['payment_id'],
    [
      column('payment_id', text),
      column('invoice_id', text, 'invoices.invoice_id'),
      column('paid_on', day),
      column('amount', money),
      column('iban', text),
    ],
  ),
  table(
    'bank_statement',
    ['line_id'],
    [
      column('line_id', text),
      column('booked_on', day),
      column('counterparty', text),
      column('iban', text),
      column('reference', text),
      column('amount', money),
    ],
  ),
  table('users', ['user_id'], [column('user_id', text), column('name', text), column('approval_limit', money)]),
  table(
    'journal',
    ['entry_no'],
    [
      column('entry_no', count),
      column('at', minute),
      column('action', text),
      column('payment_id', text, 'payments.payment_id'),
      column('user_id', text, 'users.user_id'),
    ],
  ),
  table('interviewers', ['interviewer_id'], [column('interviewer_id', text), column('name', text)]),
  table(
    'calendars',
    ['interviewer_id', 'starts_at'],
    [
      column('interviewer_id', text, 'interviewers.interviewer_id'),
      column('starts_at', minute),
      column('ends_at', minute),
      column('title', text),
    ],
  ),
  table(
    'interviews',
    ['request_id'],
    [
      column('request_id', text),
      column('candidate', text),
      column('job_id', text),
      column('interviewers', text),
      column('minutes', count),
    ],
  ),
  table(
    'hires',
    ['employee_id'],
    [column('employee_id', text), column('name', text), column('job_id', text), column('starts_on', day)],
  ),
  table(
    'onboarding',
    ['employee_id', 'task'],
    [column('employee_id', text, 'hires.employee_id'), column('task', text), optional('done_on', day)],
  ),
  table(
    'expense_reports',
    ['report_id'],
    [column('report_id', text), column('employee', text), column('submitted_on', day)],
  ),
  table(
    'expenses',
    ['report_id', 'line'],
    [
      column('report_id', text, 'expense_reports.report_id'),
      column('line', count),
      column('spent_on', day),
      column('category', text),
      column('units', count),
      column('amount', money),
      column('receipt', yesNo),
    ],
  ),
]
