import { call, documentText } from './chat.ts'
import type { Conversation, ToolCall } from './chat.ts'
import { centsOf, tableBelow } from './markdown.ts'

/** The call that reads the written policy. */
export const readPolicy: ToolCall = call('read_document', { path: 'policy.md' })

/** A value of the table "Thresholds"; NaN when it is not there. Amounts come in cents. */
export function threshold(talk: Conversation, name: string): number {
  const row = tableBelow(documentText(talk, 'policy.md'), 'Thresholds').find((candidate) => candidate['name'] === name)
  const value = row?.['value'] ?? ''
  return value.includes('.') ? centsOf(value) : value === '' ? Number.NaN : Number(value)
}

/** A category of the table "Expense limits". */
export interface ExpenseRule {
  readonly category: string
  readonly limitCents: number
  readonly receiptFromCents: number
  readonly isAllowed: boolean
}

/** The table "Expense limits". */
export function expenseRules(talk: Conversation): ExpenseRule[] {
  return tableBelow(documentText(talk, 'policy.md'), 'Expense limits').map((row) => ({
    category: row['category'] ?? '',
    limitCents: centsOf(row['limit'] ?? ''),
    receiptFromCents: centsOf(row['receipt from'] ?? ''),
    isAllowed: row['allowed'] === 'yes',
  }))
}
