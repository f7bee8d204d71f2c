import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { moneySql } from './money-sql.ts'
import { insertEventsSql, maxEventRows, sql } from './sql.ts'

/** The prepared statements of the writer, by their names in `sql.ts` and `money-sql.ts`. */
export type Statements = { readonly [name in keyof typeof sql | keyof typeof moneySql]: StatementSync }

/** Prepares them all; they live as long as the connection. */
export function prepareStatements(db: DatabaseSync): Statements {
  const prepared = Object.entries({ ...sql, ...moneySql }).map(([name, text]) => [name, db.prepare(text)] as const)
  // The keys are those of both.
  return Object.fromEntries(prepared) as Statements
}

/** The statements that insert 1, 2, … events, at the index of their number of rows less one. */
export function prepareEventInserts(db: DatabaseSync): readonly StatementSync[] {
  return Array.from({ length: maxEventRows }, (_, index) => db.prepare(insertEventsSql(index + 1)))
}
