import { isDay } from './dates.ts'

/** How the text of a cell becomes a value of the database; `null` from `read` means that the cell is malformed. */
export interface ColumnKind {
  readonly expected: string
  readonly sql: 'TEXT' | 'INTEGER'
  read(text: string): string | number | null
}

/** A column of a data file. Empty cells are refused unless `isOptional`. */
export interface Column {
  readonly name: string
  readonly kind: ColumnKind
  readonly isOptional?: boolean
  /** The file and column in which this value must occur. */
  readonly refersTo?: { readonly table: string; readonly column: string }
}

/** Any text that is not empty. */
export const text: ColumnKind = { expected: 'a text', sql: 'TEXT', read: (cell) => cell }

/** A whole number, negative allowed. */
export const integer: ColumnKind = {
  expected: 'a whole number such as 12',
  sql: 'INTEGER',
  read: (cell) => (/^-?\d{1,12}$/.test(cell) ? Number(cell) : null),
}

/** A whole number from zero up. */
export const count: ColumnKind = {
  expected: 'a whole number from 0 up',
  sql: 'INTEGER',
  read: (cell) => (/^\d{1,12}$/.test(cell) ? Number(cell) : null),
}

/** An amount with exactly two decimals, kept as integer cents. */
export const money: ColumnKind = {
  expected: 'an amount with two decimals such as 1234.50',
  sql: 'INTEGER',
  read: (cell) => (/^-?\d{1,12}\.\d{2}$/.test(cell) ? Number(cell.replace('.', '')) : null),
}

/** A calendar day. */
export const day: ColumnKind = {
  expected: 'a date such as 2026-10-31',
  sql: 'TEXT',
  read: (cell) => (isDay(cell) ? cell : null),
}

/** A calendar month. */
export const month: ColumnKind = {
  expected: 'a month such as 2026-10',
  sql: 'TEXT',
  read: (cell) => (isDay(`${cell}-01`) ? cell : null),
}

/** A day and a time of day, without a zone: the company's own clock. */
export const minute: ColumnKind = {
  expected: 'a date and time such as 2026-10-31T09:30',
  sql: 'TEXT',
  read: (cell) => (/^.{10}T([01]\d|2[0-3]):[0-5]\d$/.test(cell) && isDay(cell.slice(0, 10)) ? cell : null),
}

/** `yes` or `no`. */
export const yesNo: ColumnKind = {
  expected: 'yes or no',
  sql: 'TEXT',
  read: (cell) => (cell === 'yes' || cell === 'no' ? cell : null),
}
