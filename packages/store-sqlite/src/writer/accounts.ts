import { reachedMarks, readAccounts, type AccountState, type ChargedAccount } from '@meepo/core/store-rules'
import { integer, optionalText, row, text } from '../row.ts'
import type { Statements } from './statements.ts'

/** Above this many the memory is emptied between two transactions. About 200 bytes each. */
const maxKnown = 50_000

interface KnownAccount extends AccountState {
  readonly key: string
  /** 0: not in the file yet. */
  id: number
  isChanged: boolean
}

/**
 * Balances and alerts of the writer. An account is read once, lives in memory while no other connection writes, and is
 * written once per transaction, however many reservations changed it.
 */
export class Accounts {
  readonly #run: Statements
  readonly #known = new Map<string, KnownAccount>()
  /** Accounts of reservations by their JSON: many calls of a run bring the same text. */
  readonly #read = new Map<string, readonly ChargedAccount[]>()
  readonly #changed: KnownAccount[] = []
  readonly #alerts = new Set<string>()

  constructor(statements: Statements) {
    this.#run = statements
  }

  /** What an account holds, for the rules of core. An arrow function, as it is passed to them. */
  readonly find = (key: string): AccountState => this.#account(key)

  /** The accounts of a reservation, which the main thread has checked. */
  read(json: string): readonly ChargedAccount[] {
    const known = this.#read.get(json)
    if (known) return known
    const accounts = readAccounts(JSON.parse(json))
    this.#read.set(json, accounts)
    return accounts
  }

  /** Changes balances. Marks that are reached now are told, once. */
  change(accounts: readonly ChargedAccount[], reserved: bigint, settled: bigint): void {
    for (const { key } of accounts) {
      const account = this.#toChange(key)
      account.reserved += reserved
      account.settled += settled
    }
    for (const account of accounts) if (account.marks.length > 0) this.#tellMarks(account)
  }

  setLimit(key: string, most: bigint | undefined): void {
    this.#toChange(key).limit = most
  }

  /** Writes what changed, at the end of the transaction. */
  flush(): void {
    for (const account of this.#changed) {
      const { key, settled, reserved, limit } = account
      const values = [String(settled), String(reserved), limit === undefined ? null : String(limit)] as const
      if (account.id > 0) this.#run.updateAccount.run(...values, account.id)
      else account.id = Number(this.#run.insertAccount.run(...values, key, runOfAccount(key)).lastInsertRowid)
      account.isChanged = false
    }
    this.#changed.length = 0
  }

  /** After other connections wrote, and after a rollback. */
  drop(): void {
    this.#known.clear()
    this.#changed.length = 0
    this.#alerts.clear()
    if (this.#read.size > maxKnown) this.#read.clear()
  }

  /** Between transactions. */
  trim(): void {
    if (this.#known.size > maxKnown || this.#read.size > maxKnown || this.#alerts.size > maxKnown) this.drop()
  }

  #toChange(key: string): KnownAccount {
    const account = this.#account(key)
    if (!account.isChanged) {
      account.isChanged = true
      this.#changed.push(account)
    }
    return account
  }

  #account(key: string): KnownAccount {
    const known = this.#known.get(key)
    if (known) return known
    const found = this.#run.findAccount.get(key)
    const most = found && optionalText(found, 'most')
    const account: KnownAccount = {
      key,
      id: found ? integer(found, 'id') : 0,
      settled: found ? BigInt(text(found, 'settled')) : 0n,
      reserved: found ? BigInt(text(found, 'reserved')) : 0n,
      limit: most === undefined ? undefined : BigInt(most),
      isChanged: false,
    }
    this.#known.set(key, account)
    return account
  }

  #tellMarks(account: ChargedAccount): void {
    for (const { id, earlier, mark, settled, reserved, limit } of reachedMarks(account, this.find)) {
      if (this.#alerts.has(id)) continue
      this.#alerts.add(id)
      if (earlier.some((other) => this.#run.findAlert.get(other))) continue
      const now = integer(row(this.#run.now.get()), 'now')
      const sums = [String(settled), String(reserved), String(limit)] as const
      this.#run.insertAlert.run(id, now, account.key, mark, ...sums)
    }
  }
}

/** The run whose account this is: `run:ID`, `BUDGET/run:ID/…` or `BUDGET/…/run:ID`. */
function runOfAccount(key: string): string | null {
  return /(?:^|\/)run:([^/]+)(?:\/|$)/.exec(key)?.[1] ?? null
}
