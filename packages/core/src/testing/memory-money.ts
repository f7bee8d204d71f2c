import type { Grant, Settlement } from '../admission/money.ts'
import type { RunId, Scope, TenantId } from '../base/ids.ts'
import { readPositive, readSpent } from '../store/account-rules.ts'
import { accountEnds } from '../store/charged.ts'
import type { LedgerEntry, LedgerFilter, Money, Swept } from '../store/money.ts'
import type { AppendExtras, NewRun } from '../store/store.ts'
import { copyOf } from './copy-of.ts'
import {
  balanceOf,
  forgetSwept,
  moneyKey,
  raiseAlert,
  readReservation,
  reserve,
  setStoredLimit,
  settle,
  sweepReservation,
  toReservation,
  type MemoryAccounts,
  type MemoryReservation,
  type ReadyReservation,
} from './memory-accounts.ts'
import { bookLine, readLine, report, type ReadyLine } from './memory-ledger.ts'
import { answer, findRun, refuseClosed, type MemoryRun, type MemoryState } from './memory-state.ts'

/** The money of a memory store. */
export function memoryMoney(state: MemoryState): Money {
  const { money } = state
  const open = <T>(work: () => T): Promise<T> =>
    answer(() => {
      refuseClosed(state)
      return work()
    })
  return {
    ledger: (scope, filter = {}) => open(() => readLedger(state, scope, filter)),
    reservations: (scope, runId) => open(() => openReservations(state, scope, runId).map(toReservation)),
    balances: (keys) => open(() => keys.map((key) => balanceOf(key, money.accounts.get(key)))),
    accounts: (prefix, limit = 1_000) =>
      open(() => {
        const keys = [...money.accounts.keys()].filter((key) => key.startsWith(prefix))
        return keys
          .toSorted(byCodePoint)
          .slice(0, limit)
          .map((key) => balanceOf(key, money.accounts.get(key)))
      }),
    setLimit: (key, limit) =>
      open(() => setStoredLimit(money, key, limit === undefined ? undefined : readPositive(limit))),
    reserve: ({ tenant }, reservation) =>
      open(() => reserve(money, state.now(), tenant, undefined, readReservation(reservation))),
    book: ({ tenant }, settlements, ledger) =>
      open(() => {
        for (const { runId } of ledger) if (runId !== undefined) findRun(state, { tenant }, runId)
        book(state, readBooking(tenant, undefined, settlements, ledger))
      }),
    beat: (ids, expiresAt) => open(() => putOff(money, new Set(ids), expiresAt)),
    sweep: (now) => open(() => sweep(state, now)),
    report: (scope, query) => open(() => report(money, scope === 'system' ? undefined : scope.tenant, query)),
    alerts: () => open(() => [...money.alerts.values()].filter((one) => !one.isTold).map((one) => copyOf(one.alert))),
    raise: (alert) => open(() => raiseAlert(money, alert)),
    rename: (scope, from, to) =>
      open(() => renameScope(state, scope === 'system' ? undefined : scope.tenant, from, to)),
    takeOff: (ids) =>
      open(() => {
        for (const id of ids) {
          const known = money.alerts.get(id)
          if (known !== undefined) known.isTold = true
        }
      }),
  }
}

/** What belongs to money in an append, with its amounts read. */
export interface ReadyMoney {
  readonly tenant: TenantId
  readonly runId: RunId | undefined
  readonly reserve: readonly ReadyReservation[] | undefined
  readonly settle: readonly { readonly id: string; readonly spent: bigint }[]
  readonly ledger: readonly ReadyLine[]
}

/** Reads all amounts of an append before anything is written. Throws `money.invalid`. */
export function readMoney({ made }: MemoryRun, extras: AppendExtras): ReadyMoney {
  const booking = readBooking(made.tenant, made.runId, extras.settle ?? [], extras.ledger ?? [])
  return { ...booking, reserve: extras.reserve?.map(readReservation) }
}

/** The part of an append that concerns money. Throws nothing. */
export function applyMoney(state: MemoryState, ready: ReadyMoney): readonly Grant[] | undefined {
  const { tenant, runId } = ready
  const grants = ready.reserve?.map((one) => reserve(state.money, state.now(), tenant, runId, one))
  book(state, ready)
  return grants
}

/** Makes the limit of money of a run that of its account. */
export function setRunLimit({ money }: MemoryState, runId: RunId, limit: bigint | undefined): void {
  if (limit !== undefined) setStoredLimit(money, `run:${runId}`, limit)
}

/** Removes what hangs on runs that are forgotten. Sums stay. */
export function forgetMoney({ money }: MemoryState, gone: ReadonlySet<RunId>): void {
  for (const [key, { line }] of money.lines)
    if (line.runId !== undefined && gone.has(line.runId)) money.lines.delete(key)
  for (const [key, { runId }] of money.reservations) {
    if (runId !== undefined && gone.has(runId)) money.reservations.delete(key)
  }
  for (const key of money.accounts.keys()) {
    const runId = runOfAccount(key)
    if (runId !== undefined && gone.has(runId)) money.accounts.delete(key)
  }
}

/** Whether something is still set aside for calls of the run. */
export function hasOpenCalls({ money }: MemoryState, runId: RunId): boolean {
  for (const one of money.reservations.values()) if (one.runId === runId) return true
  return false
}

/** Removes the accounts of runs that go, while lines and sums stay. */
export function pruneMoney({ money }: MemoryState, gone: ReadonlySet<RunId>): void {
  for (const [key, { cursor, line }] of money.lines) {
    const { runId, ...rest } = line
    if (runId === undefined || !gone.has(runId)) continue
    money.lines.set(key, { cursor, line: rest })
    const owner = moneyKey(line.tenant, runId)
    money.pastCalls.set(owner, [...(money.pastCalls.get(owner) ?? []), line.id])
  }
  for (const key of money.accounts.keys()) {
    const runId = runOfAccount(key)
    if (runId !== undefined && gone.has(runId)) money.accounts.delete(key)
  }
}

/** Lets a run that takes the id of a removed one write lines of its own: calls are named after the run. */
export function renamePastLines({ money }: MemoryState, { tenant, runId }: NewRun): void {
  const owner = moneyKey(tenant, runId)
  const calls = new Set(money.pastCalls.get(owner))
  if (!money.pastCalls.delete(owner)) return
  const lines = [...money.lines]
  const cursors = new Map(lines.map(([key, { cursor }]) => [key, cursor]))
  const rename = (id: string): string => (calls.has(id) ? `${id}~${cursors.get(moneyKey(tenant, id)) ?? 0}` : id)
  money.lines.clear()
  for (const [key, { cursor, line }] of lines) {
    if (line.tenant !== tenant) money.lines.set(key, { cursor, line })
    else {
      const { adjusts, ...rest } = line
      const renamed = { ...rest, id: rename(line.id), ...(adjusts === undefined ? {} : { adjusts: rename(adjusts) }) }
      money.lines.set(moneyKey(tenant, renamed.id), { cursor, line: renamed })
    }
  }
}

/** The run whose account this is: `run:ID`, `BUDGET/run:ID/…` or `BUDGET/…/run:ID`. */
function runOfAccount(key: string): RunId | undefined {
  return /(?:^|\/)run:([^/]+)(?:\/|$)/.exec(key)?.[1]
}

function readBooking(
  tenant: TenantId,
  runId: RunId | undefined,
  settlements: readonly Settlement[],
  ledger: readonly LedgerEntry[],
): ReadyMoney {
  return {
    tenant,
    runId,
    reserve: undefined,
    settle: settlements.map((settlement) => ({ id: settlement.id, spent: readSpent(settlement) })),
    ledger: ledger.map((line) => readLine(tenant, runId, line)),
  }
}

function book(state: MemoryState, ready: ReadyMoney): void {
  const { money } = state
  for (const { id, spent } of ready.settle) settle(money, state.now(), ready.tenant, id, spent)
  for (const one of ready.ledger) {
    bookLine(money, one)
    forgetSwept(money, ready.tenant, one.line.id)
  }
}

function readLedger(state: MemoryState, scope: Scope, filter: LedgerFilter): Awaited<ReturnType<Money['ledger']>> {
  const { runId, since = -Infinity, until = Infinity, after = 0, limit = 1_000 } = filter
  if (runId !== undefined) findRun(state, scope, runId)
  const found: (LedgerEntry & { readonly cursor: number })[] = []
  for (const { cursor, line } of state.money.lines.values()) {
    if (found.length >= limit) break
    if (scope !== 'system' && line.tenant !== scope.tenant) continue
    if (runId !== undefined && line.runId !== runId) continue
    if (cursor > after && line.at >= since && line.at <= until) found.push({ ...copyOf(line), cursor })
  }
  return found
}

function openReservations(state: MemoryState, scope: Scope, runId: RunId | undefined): readonly MemoryReservation[] {
  if (runId !== undefined) findRun(state, scope, runId)
  return [...state.money.reservations.values()].filter(
    (one) =>
      !one.isSwept &&
      (scope === 'system' || one.tenant === scope.tenant) &&
      (runId === undefined || one.runId === runId),
  )
}

function putOff(money: MemoryAccounts, ids: ReadonlySet<string>, expiresAt: number): void {
  for (const one of money.reservations.values()) {
    if (ids.has(one.made.id) && one.expiresAt !== undefined) one.expiresAt = expiresAt
  }
}

function sweep(state: MemoryState, now: number): readonly Swept[] {
  const found: Swept[] = []
  for (const one of state.money.reservations.values()) {
    if (!one.isSwept) {
      if (one.expiresAt === undefined || one.expiresAt >= now) continue
      sweepReservation(state.money, state.now(), one)
    }
    found.push({ ...toReservation(one), tenant: one.tenant })
  }
  return found
}

function byCodePoint(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** See `Money.rename`. */
function renameScope({ money }: MemoryState, tenant: TenantId | undefined, from: string, to: string): number {
  let renamed = 0
  for (const [key, { cursor, line }] of money.lines) {
    if ((tenant !== undefined && line.tenant !== tenant) || !line.scopes.includes(from)) continue
    renamed++
    const scopes = line.scopes.map((scope) => (scope === from ? to : scope))
    money.lines.set(key, { cursor, line: { ...line, scopes } })
  }
  for (const { tenant: owner, scopes } of money.rollUps.values()) {
    const rollUp = scopes.get(from)
    if (!rollUp || (tenant !== undefined && owner !== tenant)) continue
    scopes.delete(from)
    scopes.set(to, { ...rollUp, scope: to })
  }
  const [before, after] = accountEnds(tenant, from, to)
  const newKey = (key: string): string => (key.endsWith(before) ? key.slice(0, -before.length) + after : key)
  for (const [key, account] of money.accounts) {
    if (newKey(key) === key) continue
    money.accounts.delete(key)
    money.accounts.set(newKey(key), account)
  }
  for (const [id, { alert, isTold }] of money.alerts) {
    const key = newKey(alert.key)
    if (key === alert.key) continue
    money.alerts.delete(id)
    const other = id.replace(alert.key, () => key)
    money.alerts.set(other, { alert: { ...alert, id: other, key }, isTold })
  }
  return renamed
}
