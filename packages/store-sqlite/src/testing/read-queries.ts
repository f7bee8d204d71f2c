import { limitSql } from '../limits/sql.ts'
import { listStatements } from '../read/lists.ts'
import { moneySql as reportSql } from '../read/money-sql.ts'
import { sql as readSql } from '../read/sql.ts'
import { moneySql } from '../writer/money-sql.ts'
import { forgetSql, pruneSql, sql } from '../writer/sql.ts'

/** A statement that reads, or that finds the rows that it changes. */
export interface ReadQuery {
  /** `role name`. */
  readonly name: string
  readonly text: string
}

/** Every such statement of the store. */
export const readQueries: readonly ReadQuery[] = Object.entries({
  read: { ...readSql, ...listStatements },
  'read money': reportSql,
  write: sql,
  'write money': moneySql,
  limits: limitSql,
  prune: { ...forgetSql, prunedRoots: pruneSql.roots, ...pruneSql },
} satisfies Record<string, Record<string, string>>).flatMap(([role, statements]) =>
  Object.entries(statements)
    .filter(([, text]) => /^(SELECT|WITH)/.test(text))
    .map(([name, text]) => ({ name: `${role} ${name}`, text })),
)
