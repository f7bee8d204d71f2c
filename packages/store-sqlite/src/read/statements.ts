import { moneySql, type MoneyStatement } from './money-sql.ts'
import { sql } from './sql.ts'

/** The name of a statement of the reading connection. */
export type ReadStatement = keyof typeof sql | MoneyStatement

/** All of them. */
export const statements: Readonly<Record<ReadStatement, string>> = { ...sql, ...moneySql }
