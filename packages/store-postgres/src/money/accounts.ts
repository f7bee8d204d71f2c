import { reachedMarks, type AccountState, type ChargedAccount, type ReachedMark } from '@meepo/core/store-rules'
import { integers, texts } from '../database/arrays.ts'
import type { Transaction } from '../database/transaction.ts'
import { moneySql } from './sql.ts'

interface AccountRow {
  readonly key: string
  readonly settled: string
  readonly reserved: string
  readonly most: string | null
}

/** The accounts of one transaction: locked and read at once, changed in memory, written at once. */
export class Accounts {
  readonly #states = new Map<string, AccountState>()
  readonly #made: ReadonlySet<string>
  readonly #changed = new Set<string>()
  readonly #alerts = new Map<string, ReachedMark & { readonly key: string }>()
  readonly #told: ReadonlySet<string>

  private constructor(made: ReadonlySet<string>, told: ReadonlySet<string>) {
    this.#made = made
    this.#told = told
  }

  /**
   * Locks what is charged, and everything that decisions about it read. `limits`: accounts that get one. `told`: alerts that
   * need not be written again.
   */
  static async lock(
    transaction: Transaction,
    charged: readonly ChargedAccount[],
    limits: readonly string[],
    told: ReadonlySet<string>,
  ): Promise<Accounts> {
    const keys = new Map<string, boolean>()
    for (const { window, limitKey } of charged) for (const key of [...window, limitKey]) keys.set(key, false)
    for (const { key } of charged) keys.set(key, true)
    for (const key of limits) keys.set(key, true)
    const windows = charged.filter(({ window, key, limitKey }) => window.length > 0 && limitKey !== key)
    if (windows.length > 0) await transaction.all(moneySql.lockWindows, texts(windows.map(({ limitKey }) => limitKey)))
    const names = [...keys.keys()]
    const [made, rows] = await Promise.all([
      transaction.all<{ key: string }>(
        moneySql.lockAccounts,
        texts(names),
        texts(names.map(runOfAccount)),
        integers([...keys.values()].map(Number)),
      ),
      transaction.all<AccountRow>(moneySql.readAccounts, texts(names)),
    ])
    const accounts = new Accounts(new Set(made.map(({ key }) => key)), told)
    for (const row of rows) accounts.#states.set(row.key, toState(row))
    return accounts
  }

  /** What an account holds, for the rules of core. An arrow function, as it is passed to them. */
  readonly find = (key: string): AccountState | undefined => this.#states.get(key)

  /** Changes balances. Marks that are reached now are told, once. */
  change(accounts: readonly ChargedAccount[], reserved: bigint, settled: bigint): void {
    for (const { key } of accounts) {
      const state = this.#need(key)
      state.reserved += reserved
      state.settled += settled
      this.#changed.add(key)
    }
    for (const account of accounts) {
      for (const reached of reachedMarks(account, this.find)) {
        if (this.#told.has(reached.id) || this.#alerts.has(reached.id)) continue
        this.#alerts.set(reached.id, { ...reached, key: account.key })
      }
    }
  }

  setLimit(key: string, most: bigint): void {
    this.#need(key).limit = most
    this.#changed.add(key)
  }

  async write(transaction: Transaction): Promise<void> {
    const keys = [...this.#changed]
    const states = keys.map((key) => this.#need(key))
    const unused = [...this.#made].filter((key) => !this.#changed.has(key))
    const alerts = [...this.#alerts.values()]
    await Promise.all([
      keys.length > 0 &&
        transaction.run(
          moneySql.changeAccounts,
          texts(keys),
          texts(states.map(({ settled }) => String(settled))),
          texts(states.map(({ reserved }) => String(reserved))),
          texts(states.map(({ limit }) => (limit === undefined ? null : String(limit)))),
        ),
      unused.length > 0 && transaction.run(moneySql.dropAccounts, texts(unused)),
      ...alerts.map(({ id, key, mark, settled, reserved, limit, earlier }) => {
        const sums = [String(settled), String(reserved), String(limit)] as const
        return transaction.run(moneySql.tellAlert, id, key, mark, ...sums, texts(earlier))
      }),
    ])
  }

  /** The ids of those that are written. */
  get alerts(): readonly string[] {
    return [...this.#alerts.keys()]
  }

  #need(key: string): AccountState {
    const state = this.#states.get(key)
    if (state === undefined) throw new TypeError('an account that was locked is missing')
    return state
  }
}

function toState({ settled, reserved, most }: AccountRow): AccountState {
  return {
    settled: BigInt(settled),
    reserved: BigInt(reserved),
    limit: most === null ? undefined : BigInt(most),
  }
}

/** The run whose account this is: `run:ID`, `BUDGET/run:ID/…` or `BUDGET/…/run:ID`. */
export function runOfAccount(key: string): string | null {
  return /(?:^|\/)run:([^/]+)(?:\/|$)/.exec(key)?.[1] ?? null
}
