import type { TenantId } from '@meepo/core'
import { accountEnds } from '@meepo/core/store-rules'
import type { Transaction } from '../database/transaction.ts'

/** Scans: what is renamed is renamed rarely. In the order of locks: accounts, roll-ups, totals, names, lines. */
const renameSql = {
  // $1, $2: how keys end, before and after.
  accounts: `UPDATE accounts SET key = left(key, length(key) - length($1)) || $2 WHERE right(key, length($1)) = $1`,
  rollUps: 'UPDATE roll_ups SET scope = $2 WHERE scope = $1 AND ($3::text IS NULL OR tenant = $3)',
  totals: 'UPDATE totals SET scope = $2 WHERE scope = $1 AND ($3::text IS NULL OR tenant = $3)',
  // The old name stays: a name that is taken for shared only costs reports some time.
  names: `INSERT INTO scope_names (scope, tenant, is_shared) SELECT $2, tenant, is_shared FROM scope_names WHERE scope = $1
    ON CONFLICT (scope) DO UPDATE SET is_shared = true`,
  shared: `UPDATE totals SET is_shared = true WHERE scope = $1 AND NOT is_shared
    AND EXISTS (SELECT 1 FROM scope_names WHERE scope = $1 AND is_shared)`,
  // $1, $2: as JSON.
  lines: `UPDATE ledger SET scopes = replace(scopes, $1, $2)
    WHERE position($1 in scopes) > 0 AND ($3::text IS NULL OR tenant = $3)`,
  alerts: `UPDATE alerts SET alert = replace(alert, key, left(key, length(key) - length($1)) || $2),
    key = left(key, length(key) - length($1)) || $2 WHERE right(key, length($1)) = $1`,
} as const

/** See `Money.rename`. */
export async function renameScope(
  transaction: Transaction,
  tenant: TenantId | null,
  from: string,
  to: string,
): Promise<number> {
  const [before, after] = accountEnds(tenant ?? undefined, from, to)
  await transaction.run(renameSql.accounts, before, after)
  await transaction.run(renameSql.rollUps, from, to, tenant)
  await transaction.run(renameSql.totals, from, to, tenant)
  await transaction.run(renameSql.names, from, to)
  await transaction.run(renameSql.shared, to)
  const lines = await transaction.run(renameSql.lines, JSON.stringify(from), JSON.stringify(to), tenant)
  await transaction.run(renameSql.alerts, before, after)
  return lines
}
