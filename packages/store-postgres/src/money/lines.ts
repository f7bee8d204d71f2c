import type { CallEntry, LedgerEntry, RunId, TenantId } from '@meepo/core'
import { addSums, chargeOf, noSums, type Adjusted, type Charge, type CostSums } from '@meepo/core/store-rules'
import { doubles, integers, texts } from '../database/arrays.ts'
import type { Value } from '../database/statement.ts'
import type { Transaction } from '../database/transaction.ts'
import type { ReadLine } from '../write/part.ts'
import { moneySql } from './sql.ts'

/** A line with whom it belongs to, whatever it says itself. */
export interface OwnedLine {
  readonly tenant: TenantId
  readonly run: number | null
  readonly read: ReadLine
}

interface Inserted {
  readonly id: number
  readonly call: string
  readonly tenant: string
}

/** Writes lines that are not there yet, and adds them to the roll-ups. */
export async function writeLines(transaction: Transaction, lines: readonly OwnedLine[]): Promise<void> {
  if (lines.length === 0) return
  const inserted = await transaction.all<Inserted>(
    moneySql.insertLines,
    texts(lines.map(({ read }) => read.line.id)),
    texts(lines.map(({ tenant }) => tenant)),
    integers(lines.map(({ run }) => run)),
    doubles(lines.map(({ read }) => read.line.at)),
    texts(lines.map(({ read }) => read.line.adjusts ?? null)),
    texts(lines.map(({ read }) => read.line.kind)),
    texts(lines.map(({ read }) => read.scopes)),
    texts(lines.map(({ read }) => read.entry)),
  )
  const fresh = freshOf(lines, inserted)
  if (fresh.length === 0) return
  const adjusted = await findAdjusted(transaction, fresh)
  const rollUps = new RollUps()
  for (const { id, tenant, read } of fresh) {
    const before = adjusted.get(id)
    rollUps.add(tenant, before === undefined ? read.charge : chargeOf(read.line, before))
  }
  // Only what is outside of runs expires.
  const outside = fresh.filter(({ run }) => run === null)
  await Promise.all([
    rollUps.write(transaction),
    outside.length > 0 &&
      transaction.run(
        moneySql.deleteSwept,
        texts(outside.map(({ read }) => read.line.id)),
        texts(outside.map(({ tenant }) => tenant)),
      ),
  ])
}

/** The lines that were written now, the first of equal ones. */
function freshOf(lines: readonly OwnedLine[], inserted: readonly Inserted[]): readonly (OwnedLine & { id: number })[] {
  const ids = new Map(inserted.map(({ id, call, tenant }) => [`${tenant}\n${call}`, id]))
  return lines.flatMap((one) => {
    const name = `${one.tenant}\n${one.read.line.id}`
    const id = ids.get(name)
    return id !== undefined && ids.delete(name) ? [{ ...one, id }] : []
  })
}

/** What each correction is added to, by the position of the correction. */
async function findAdjusted(
  transaction: Transaction,
  fresh: readonly (OwnedLine & { readonly id: number })[],
): Promise<ReadonlyMap<number, Adjusted>> {
  const corrections = new Map(fresh.filter(({ read }) => read.line.kind === 'adjust').map((one) => [one.id, one]))
  if (corrections.size === 0) return new Map()
  const rows = await transaction.all<AdjustedRow>(moneySql.adjusted, integers([...corrections.keys()]))
  return new Map(
    rows.flatMap((row) => {
      const correction = corrections.get(row.adjustment)
      const { adjusts } = correction?.read.line ?? {}
      return correction && adjusts !== undefined
        ? [[row.adjustment, toAdjusted(adjusts, correction.tenant, row)] as const]
        : []
    }),
  )
}

/** A line that is corrected, as statements select it: `before` is the entry of the correction before. */
export interface AdjustedRow {
  readonly adjustment: number
  readonly at: number
  readonly scopes: string
  readonly entry: string
  readonly before: string | null
}

/** What a correction is added to, as it was just before it. */
export function toAdjusted(id: string, tenant: TenantId, { at, scopes, entry, before }: AdjustedRow): Adjusted {
  // JSON that this package wrote from these types.
  const first = JSON.parse(entry) as CallEntry
  const last = before === null ? first : (JSON.parse(before) as CallEntry)
  const line: LedgerEntry = { id, at, kind: 'call', tenant, scopes: JSON.parse(scopes) as string[], entry: first }
  return { line, status: last.cost.status }
}

/** Sums of one transaction: one row per scope, tenant, day and model, and one per scope and tenant. */
class RollUps {
  readonly #rows = new Rows()
  readonly #totals = new Rows()

  add(tenant: TenantId, { scopes, day, model, sums }: Charge): void {
    for (const scope of scopes) {
      this.#rows.add([scope, tenant, day, model], sums)
      this.#totals.add([scope, tenant], sums)
    }
  }

  async write(transaction: Transaction): Promise<void> {
    const [, shared] = await Promise.all([
      transaction.run(moneySql.addRollUps, ...this.#rows.keys(), ...this.#rows.columns()),
      transaction.all<{ scope: string }>(moneySql.addTotals, ...this.#totals.keys(), ...this.#totals.columns()),
    ])
    if (shared.length > 0) await transaction.run(moneySql.shareTotals, texts(shared.map(({ scope }) => scope)))
  }
}

/** Sums by a key of several parts. */
class Rows {
  readonly #rows = new Map<string, { readonly key: readonly string[]; readonly sums: CostSums }>()

  add(key: readonly string[], sums: CostSums): void {
    const name = JSON.stringify(key)
    const row = this.#rows.get(name) ?? { key, sums: noSums() }
    this.#rows.set(name, row)
    addSums(row.sums, sums)
  }

  /** One array for each part of the keys. */
  keys(): readonly Value[] {
    const keys = [...this.#rows.values()].map(({ key }) => key)
    return (keys[0] ?? []).map((_, part) => texts(keys.map((key) => key[part] ?? '')))
  }

  /** One array for each sum. */
  columns(): readonly Value[] {
    const rows = [...this.#rows.values()]
    const amounts = (['picoDollars', 'savedPicoDollars'] as const).map((name) =>
      texts(rows.map(({ sums }) => String(sums[name]))),
    )
    return [...amounts, ...counted.map((name) => integers(rows.map(({ sums }) => sums[name])))]
  }
}

/** In the order of the statement. */
const counted = [
  'calls',
  'unpricedCalls',
  'unknownCalls',
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
] as const

/** The key of the run that a line names. */
export type KeyOf = (runId: RunId) => number | null
