import type { Account, Grant, Mark, Reservation, Settlement } from '../admission/money.ts'
import { MeepoError } from '../base/errors.ts'

// What every store does with money, as plain functions: stores only keep the numbers and make it one transaction.

/** What a store holds of an account. Sums have no bound; single amounts and limits fit 64 bits. */
export interface AccountState {
  settled: bigint
  reserved: bigint
  limit: bigint | undefined
}

/** Finds what an account holds; an account that nobody charged yet holds nothing. */
export type FindAccount = (key: string) => AccountState | undefined

/** An account of a reservation with its amounts as numbers. */
export interface ChargedAccount {
  readonly key: string
  readonly window: readonly string[]
  readonly limit: bigint | undefined
  readonly limitKey: string
  readonly marks: readonly { readonly id: string; readonly at: bigint; readonly on: 'settled' | 'committed' }[]
}

/** A mark that is reached, as an alert tells it. */
export interface ReachedMark {
  /** Account, mark and limit. */
  readonly id: string
  /** Of a window: the same mark of its earlier accounts. When one of them was told, this one is no news. */
  readonly earlier: readonly string[]
  readonly mark: string
  readonly settled: bigint
  readonly reserved: bigint
  readonly limit: bigint
}

/** What 64 bits hold. */
const mostPico = 2n ** 63n - 1n

/** Reads one amount as a store takes it. Throws `money.invalid`, also for what 64 bits do not hold. */
export function readAmount(text: string): bigint {
  if (typeof text !== 'string' || !/^-?\d{1,19}$/.test(text)) {
    throw new MeepoError('money.invalid', `${JSON.stringify(text)} is no amount of pico-dollars`)
  }
  const amount = BigInt(text)
  if (amount > mostPico || amount < -mostPico) {
    throw new MeepoError('money.invalid', `${text} pico-dollars are more than a store can hold`)
  }
  return amount
}

/** The same for what must not be negative: limits, reservations, what was spent. */
export function readPositive(text: string): bigint {
  const amount = readAmount(text)
  if (amount < 0n) throw new MeepoError('money.invalid', `${text} pico-dollars are less than nothing`)
  return amount
}

const readBefore = new WeakMap<readonly Account[], readonly ChargedAccount[]>()

/** Reads the accounts of a reservation, once per array: a budget book gives the same for all calls of a run. Throws `money.invalid`. */
export function readAccounts(accounts: readonly Account[]): readonly ChargedAccount[] {
  const known = readBefore.get(accounts)
  if (known) return known
  const read = readEach(accounts)
  readBefore.set(accounts, read)
  return read
}

type ReadyMarks = ChargedAccount['marks']
const noMarks: readonly Mark[] = []
const marksReadBefore = new WeakMap<readonly Mark[], ReadyMarks>()

/** The accounts of a budget have the same marks in all runs. */
function readMarks(marks: readonly Mark[]): ReadyMarks {
  const known = marksReadBefore.get(marks)
  if (known) return known
  const read = marks.map(({ id, at, on }) => ({ id, at: readPositive(at), on }))
  marksReadBefore.set(marks, read)
  return read
}

function readEach(accounts: readonly Account[]): readonly ChargedAccount[] {
  return accounts.map(({ key, window = [], limit, limitKey = key, marks = noMarks }) => ({
    key,
    window,
    limit: limit === undefined ? undefined : readPositive(limit),
    limitKey,
    marks: readMarks(marks),
  }))
}

/** Decides on a reservation: what all accounts have left, if that is enough. Changes nothing. */
export function decideGrant(
  { id, picoDollars, atLeast }: Pick<Reservation, 'id' | 'picoDollars' | 'atLeast'>,
  accounts: readonly ChargedAccount[],
  find: FindAccount,
): Grant {
  let granted = readPositive(picoDollars)
  let tightest: { readonly key: string; readonly limit: bigint; readonly left: bigint } | undefined
  for (const account of accounts) {
    const limit = find(account.limitKey)?.limit ?? account.limit
    if (limit === undefined) continue
    const { settled, reserved } = sumWindow(account, find)
    const left = limit - settled - reserved
    if (tightest === undefined || left < tightest.left) tightest = { key: account.key, limit, left }
  }
  if (tightest === undefined || tightest.left >= granted) return { id, kind: 'granted', picoDollars: String(granted) }
  granted = tightest.left
  if (granted >= readPositive(atLeast)) return { id, kind: 'granted', picoDollars: String(granted) }
  const left = granted < 0n ? 0n : granted
  return { id, kind: 'refused', key: tightest.key, limit: String(tightest.limit), left: String(left) }
}

/** The marks of an account that are reached now. Whether one was told before is for the store to say. */
export function reachedMarks(account: ChargedAccount, find: FindAccount): readonly ReachedMark[] {
  if (account.marks.length === 0) return []
  const { settled, reserved } = sumWindow(account, find)
  const stored = find(account.limitKey)?.limit
  return account.marks.flatMap(({ id, at, on }) => {
    const sum = on === 'settled' ? settled : settled + reserved
    // A mark keeps its share of the limit when the store holds another one than was asked for.
    const isMoved = stored !== undefined && account.limit !== undefined && account.limit > 0n
    const threshold = isMoved ? (at * stored) / account.limit : at
    if (sum < threshold) return []
    const limit = stored ?? account.limit ?? at
    const idOf = (key: string): string => `${key} ${id} ${limit}`
    const earlier = account.window.filter((key) => key !== account.key).map(idOf)
    return [{ id: idOf(account.key), earlier, mark: id, settled, reserved, limit }]
  })
}

/** What a settlement spends. Throws `money.invalid`. */
export function readSpent(settlement: Settlement): bigint {
  return readPositive(settlement.picoDollars)
}

function sumWindow(account: ChargedAccount, find: FindAccount): { settled: bigint; reserved: bigint } {
  const own = find(account.key)
  let settled = own?.settled ?? 0n
  let reserved = own?.reserved ?? 0n
  for (const key of account.window) {
    const earlier = key === account.key ? undefined : find(key)
    if (earlier === undefined) continue
    settled += earlier.settled
    reserved += earlier.reserved
  }
  return { settled, reserved }
}
