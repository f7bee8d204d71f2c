import type { Account, Grant, Settlement, TenantId } from '@meepo/core'
import { decideGrant, readAccounts, type ChargedAccount } from '@meepo/core/store-rules'
import { doubles, integers, texts } from '../database/arrays.ts'
import type { Transaction } from '../database/transaction.ts'
import type { Part, PartMoney, ReadReservation } from '../write/part.ts'
import { Accounts } from './accounts.ts'
import { writeLines, type KeyOf } from './lines.ts'
import { moneySql } from './sql.ts'

/** Money of an accepted part, which belongs to a tenant and to a run if there is one; or the limit of a new run. */
export type MoneyJob =
  | {
      readonly kind: 'part'
      readonly part: Part
      readonly tenant: TenantId
      readonly run: number | null
      readonly money: PartMoney
      readonly keyOf: KeyOf
    }
  | { readonly kind: 'limit'; readonly key: string; readonly most: string }

/** What is set aside for one call. */
interface Open {
  readonly id: number | undefined
  readonly granted: bigint
  readonly accounts: readonly ChargedAccount[]
  readonly isSwept: boolean
}

interface OpenRow {
  readonly id: number
  readonly call: string
  readonly tenant: string
  readonly granted: string
  readonly accounts: string
  readonly swept: boolean
}

interface Fresh extends Open {
  readonly tenant: TenantId
  readonly run: number | null
  readonly read: ReadReservation
}

/** What came of money, true once the transaction is committed. */
export interface MoneyAnswer {
  /** Of each part that asked for some. */
  readonly grants: ReadonlyMap<Part, readonly Grant[]>
  /** The ids of alerts that are in the database now. */
  readonly told: readonly string[]
}

/**
 * Writes the money of a group, job by job in order. Nothing here refuses: amounts were read before, and a refused
 * reservation is an answer.
 */
export async function writeMoney(
  transaction: Transaction,
  jobs: readonly MoneyJob[],
  told: ReadonlySet<string>,
): Promise<MoneyAnswer> {
  if (jobs.length === 0) return { grants: new Map(), told: [] }
  const parts = jobs.filter((job) => job.kind === 'part')
  const open = await lockReservations(transaction, parts)
  const charged = [
    ...[...open.values()].flatMap(({ accounts }) => accounts),
    ...parts.flatMap(({ money }) => money.reserve.flatMap(({ accounts }) => accounts)),
  ]
  const limits = jobs.flatMap((job) => (job.kind === 'limit' ? job.key : []))
  const isOnAccounts = charged.length > 0 || limits.length > 0
  const accounts = isOnAccounts ? await Accounts.lock(transaction, charged, limits, told) : undefined
  const till = new Till(open, accounts)
  const grants = new Map<Part, readonly Grant[]>()
  for (const job of jobs) {
    if (job.kind === 'limit') accounts?.setLimit(job.key, BigInt(job.most))
    else if (job.money.reserve.length > 0) grants.set(job.part, till.reserve(job.tenant, job.run, job.money.reserve))
    if (job.kind === 'part') till.settle(job.tenant, job.money.settle)
  }
  const lines = parts.flatMap(({ tenant, run, money, keyOf }) =>
    money.ledger.map((read) => {
      const { runId } = read.line
      return { tenant, read, run: run ?? (runId === undefined ? null : keyOf(runId)) }
    }),
  )
  await Promise.all([till.write(transaction), accounts?.write(transaction), writeLines(transaction, lines)])
  return { grants, told: accounts?.alerts ?? [] }
}

async function lockReservations(
  transaction: Transaction,
  parts: readonly Extract<MoneyJob, { kind: 'part' }>[],
): Promise<Map<string, Open>> {
  const named = parts.flatMap(({ tenant, money }) => [
    ...money.reserve.map(({ reservation }) => ({ tenant, id: reservation.id })),
    ...money.settle.map(({ id }) => ({ tenant, id })),
  ])
  if (named.length === 0) return new Map()
  const [calls, tenants] = [texts(named.map(({ id }) => id)), texts(named.map(({ tenant }) => tenant))]
  const rows = await transaction.all<OpenRow>(moneySql.lockReservations, calls, tenants)
  return new Map(rows.map((row) => [nameOf(row.tenant, row.call), toOpen(row)]))
}

function toOpen({ id, granted, accounts, swept }: OpenRow): Open {
  return { id, granted: BigInt(granted), accounts: accountsOf(accounts), isSwept: swept }
}

/** The accounts of a reservation as they are stored. */
export function accountsOf(json: string): readonly ChargedAccount[] {
  // JSON that this package wrote from this type.
  return readAccounts(JSON.parse(json) as readonly Account[])
}

/** Sets aside and settles in memory, over what is open. */
class Till {
  readonly #open: Map<string, Open>
  readonly #accounts: Accounts | undefined
  readonly #fresh = new Map<Open, Fresh>()
  readonly #gone: number[] = []

  constructor(open: Map<string, Open>, accounts: Accounts | undefined) {
    this.#open = open
    this.#accounts = accounts
  }

  reserve(tenant: TenantId, run: number | null, reservations: readonly ReadReservation[]): readonly Grant[] {
    return reservations.map((read) => {
      const { id } = read.reservation
      const before = this.#open.get(nameOf(tenant, id))
      if (before) return { id, kind: 'granted', picoDollars: String(before.granted) }
      const grant = decideGrant(read.reservation, read.accounts, (key) => this.#accounts?.find(key))
      if (grant.kind === 'refused') return grant
      const granted = BigInt(grant.picoDollars)
      this.#accounts?.change(read.accounts, granted, 0n)
      const fresh: Fresh = { id: undefined, granted, accounts: read.accounts, isSwept: false, tenant, run, read }
      this.#open.set(nameOf(tenant, id), fresh)
      this.#fresh.set(fresh, fresh)
      return grant
    })
  }

  settle(tenant: TenantId, settlements: readonly Settlement[]): void {
    for (const { id, picoDollars } of settlements) {
      const open = this.#open.get(nameOf(tenant, id))
      if (!open) continue
      this.#open.delete(nameOf(tenant, id))
      if (open.id === undefined) this.#fresh.delete(open)
      else this.#gone.push(open.id)
      if (!open.isSwept) this.#accounts?.change(open.accounts, -open.granted, BigInt(picoDollars))
    }
  }

  async write(transaction: Transaction): Promise<void> {
    const fresh = [...this.#fresh.values()]
    await Promise.all([
      this.#gone.length > 0 && transaction.run(moneySql.deleteReservations, integers(this.#gone)),
      fresh.length > 0 &&
        transaction.run(
          moneySql.insertReservations,
          texts(fresh.map(({ read }) => read.reservation.id)),
          texts(fresh.map(({ tenant }) => tenant)),
          integers(fresh.map(({ run }) => run)),
          texts(fresh.map(({ granted }) => String(granted))),
          texts(fresh.map(({ read }) => read.reservation.atLeast)),
          texts(fresh.map(({ read }) => read.json)),
          doubles(fresh.map(({ run, read }) => (run === null ? (read.reservation.expiresAt ?? null) : null))),
        ),
    ])
  }
}

function nameOf(tenant: TenantId, call: string): string {
  return `${tenant}\n${call}`
}
