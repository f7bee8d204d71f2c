import type { SQLOutputValue } from 'node:sqlite'

/** A row as `node:sqlite` returns it. Rows are mapped to our types here, at the edge. */
export type Row = Readonly<Record<string, SQLOutputValue>>

/** The row of a statement that always has one. */
export function row(found: Row | undefined): Row {
  if (found === undefined) throw new TypeError('a statement that always has a row had none')
  return found
}

/** A number column. */
export function integer(from: Row, column: string): number {
  const value = from[column]
  if (typeof value !== 'number') throw new TypeError(`column ${column} is no number`)
  return value
}

/** A number column, or undefined for NULL. */
export function optionalNumber(from: Row, column: string): number | undefined {
  return from[column] === null ? undefined : integer(from, column)
}

/** A text column. */
export function text(from: Row, column: string): string {
  const value = from[column]
  if (typeof value !== 'string') throw new TypeError(`column ${column} is no text`)
  return value
}

/** A text column, or undefined for NULL. */
export function optionalText(from: Row, column: string): string | undefined {
  return from[column] === null ? undefined : text(from, column)
}
