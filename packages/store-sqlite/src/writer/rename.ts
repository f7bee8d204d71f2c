import type { TenantId } from '@meepo/core'
import { accountEnds } from '@meepo/core/store-rules'
import { integer, row } from '../row.ts'
import type { Desk } from './desk.ts'

/** Scans, but for the first: what is renamed is renamed rarely. */
const renameSql = {
  // ?1, ?2: how keys end, before and after.
  accounts: `UPDATE accounts SET key = substr(key, 1, length(key) - length(?1)) || ?2 WHERE substr(key, -length(?1)) = ?1`,
  alerts: `UPDATE alerts SET alert = replace(alert, key, substr(key, 1, length(key) - length(?1)) || ?2),
    key = substr(key, 1, length(key) - length(?1)) || ?2 WHERE substr(key, -length(?1)) = ?1`,
  lines: `SELECT count(*) AS lines FROM ledger AS l WHERE EXISTS (SELECT 1 FROM json_each(l.scopes) AS s
    JOIN scopes ON scopes.id = s.value WHERE scopes.scope = ?1 AND (?2 IS NULL OR scopes.tenant = ?2))`,
  // scopes_scope. Lines and sums name scopes by number; totals go with the name.
  scopes: 'UPDATE scopes SET scope = ?2 WHERE scope = ?1 AND (?3 IS NULL OR tenant = ?3)',
  // Which tenants use a name has changed.
  shared: `UPDATE scopes SET is_shared = (SELECT count(*) > 1 FROM scopes AS o WHERE o.scope = scopes.scope)
    WHERE scope IN (?1, ?2)`,
} as const

/** See `Money.rename`. */
export function renameScope({ db, money }: Desk, tenant: TenantId | null, from: string, to: string): number {
  money.flush()
  const lines = integer(row(db.prepare(renameSql.lines).get(from, tenant)), 'lines')
  db.prepare(renameSql.scopes).run(from, to, tenant)
  db.prepare(renameSql.shared).run(from, to)
  const [before, after] = accountEnds(tenant ?? undefined, from, to)
  db.prepare(renameSql.accounts).run(before, after)
  db.prepare(renameSql.alerts).run(before, after)
  money.drop()
  return lines
}
