import { getBlob } from '../blobs/blobs.ts'
import { positionsOf } from '../database/position.ts'
import { healthSql } from '../health/health.ts'
import { inboxSql } from '../inbox/inbox.ts'
import { leaseSql } from '../leases/sql.ts'
import { limitSql } from '../limits/sql.ts'
import { forgetSql } from '../log/forget.ts'
import { pruneSql } from '../log/prune.ts'
import { removalSql } from '../log/removal.ts'
import { moneyListSql } from '../money/money.ts'
import { moneySql } from '../money/sql.ts'
import { chargedDays, costSql } from '../read/costs.ts'
import { ledgerSql } from '../read/ledger.ts'
import { listStatements } from '../read/lists.ts'
import { readSql } from '../read/sql.ts'
import { sql } from '../write/sql.ts'

/** A statement that reads, or that finds the rows that it locks or claims. */
export interface ReadQuery {
  /** `role name`. */
  readonly name: string
  readonly text: string
}

/** Every such statement of the store on a schema. */
export function readQueries(schema: string): readonly ReadQuery[] {
  const { trees, lock, lockBlobs } = removalSql
  const roles: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    log: { ...readSql, ...listStatements, horizon: positionsOf(schema).horizon },
    inbox: inboxSql,
    leases: readsOf(leaseSql, ['claim', 'claimHeld']),
    blobs: { getBlob },
    money: { ...moneyListSql, ...ledgerSql, ...readsOf(moneySql, ['shareTotals']) },
    costs: {
      chargedDays,
      ...Object.fromEntries(
        Object.entries(costSql).flatMap(([by, [ofAll, ofTenant]]) => [
          [by, ofAll],
          [`${by}OfTenant`, ofTenant],
        ]),
      ),
    },
    limits: readsOf(limitSql, []),
    health: healthSql,
    prune: { ...forgetSql, prunedRoots: pruneSql.roots, open: pruneSql.open, trees, lock, lockBlobs },
    write: readsOf(sql, []),
  }
  return Object.entries(roles).flatMap(([role, statements]) =>
    Object.entries(statements).map(([name, text]) => ({ name: `${role} ${name}`, text })),
  )
}

/** Those that select, and the named ones. */
function readsOf(
  statements: Readonly<Record<string, string>>,
  others: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(statements).filter(([name, text]) => text.startsWith('SELECT') || others.includes(name)),
  )
}
