import type { CallCost } from '../base/call-entry.ts'
import type { Usage } from '../base/usage.ts'
import { readAmount } from './account-rules.ts'
import type { CostQuery, CostRow, LedgerEntry } from './money.ts'

// What a line of the ledger adds to the sums, and how sums become the rows of a report: the same for every store.

/** Sums of lines. */
export interface CostSums {
  picoDollars: bigint
  savedPicoDollars: bigint
  calls: number
  unpricedCalls: number
  unknownCalls: number
  inputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  outputTokens: number
  reasoningTokens: number
}

/** What a line adds, and where: to each scope, on this day, for this model. */
export interface Charge {
  /** The scopes of the line, and the empty one, which holds everything of the tenant. */
  readonly scopes: readonly string[]
  /** `2026-11-21`, in UTC. */
  readonly day: string
  /** `provider:model` as it was asked for. */
  readonly model: string
  readonly sums: CostSums
}

/** Sums of one scope, day and model. */
export interface RollUp {
  readonly scope: string
  readonly day: string
  readonly model: string
  readonly sums: CostSums
}

/** What a correction is added to: the line, and the state of its cost after the last correction. */
export interface Adjusted {
  readonly line: LedgerEntry
  readonly status: CallCost['status']
}

/** The scope of everything that a tenant paid. */
export const everything = ''

/** Sums of nothing. */
export function noSums(): CostSums {
  return {
    picoDollars: 0n,
    savedPicoDollars: 0n,
    calls: 0,
    unpricedCalls: 0,
    unknownCalls: 0,
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  }
}

/** Adds the second to the first. */
export function addSums(to: CostSums, more: CostSums): void {
  // Adding nothing would still make a number anew.
  if (more.picoDollars !== 0n) to.picoDollars += more.picoDollars
  if (more.savedPicoDollars !== 0n) to.savedPicoDollars += more.savedPicoDollars
  to.calls += more.calls
  to.unpricedCalls += more.unpricedCalls
  to.unknownCalls += more.unknownCalls
  to.inputTokens += more.inputTokens
  to.cacheReadTokens += more.cacheReadTokens
  to.cacheWriteTokens += more.cacheWriteTokens
  to.outputTokens += more.outputTokens
  to.reasoningTokens += more.reasoningTokens
}

/**
 * What a line adds. A correction changes money, and takes the call from those without a price or of unknown cost; it is
 * counted where the line is that it corrects. One of a line that is gone is counted where it stands itself.
 * Throws `money.invalid`.
 */
export function chargeOf(line: LedgerEntry, adjusted?: Adjusted): Charge {
  const { entry } = line
  const { status, picoDollars, savedPicoDollars } = entry.cost
  const sums = noSums()
  sums.picoDollars = picoDollars === null ? 0n : readAmount(picoDollars)
  sums.savedPicoDollars = savedPicoDollars === undefined ? 0n : readAmount(savedPicoDollars)
  if (line.kind === 'call') {
    sums.calls = entry.outcome === 'refused' || entry.outcome === 'not_sent' ? 0 : 1
    countStatus(sums, status, 1)
    countTokens(sums, entry.usage)
  } else if (adjusted !== undefined) {
    countStatus(sums, adjusted.status, -1)
    countStatus(sums, status, 1)
  }
  const place = adjusted?.line ?? line
  return {
    scopes: countedScopes(place.scopes),
    day: dayOf(place.at),
    model: place.entry.target,
    sums,
  }
}

const countedBefore = new WeakMap<readonly string[], readonly string[]>()

/** All calls of a run have the same scopes. */
function countedScopes(scopes: readonly string[]): readonly string[] {
  const known = countedBefore.get(scopes)
  if (known) return known
  const counted = [everything, ...new Set(scopes)]
  countedBefore.set(scopes, counted)
  return counted
}

const dayMs = 86_400_000
/** The day that was asked for last: most lines are of the same one. */
let lastDay = { number: Number.NaN, text: '' }

/** The day of a time, in UTC. */
function dayOf(at: number): string {
  const number = Math.floor(at / dayMs)
  if (number !== lastDay.number) lastDay = { number, text: new Date(at).toISOString().slice(0, 10) }
  return lastDay.text
}

/** How a report is made of roll-ups. `lines`: roll-ups do not tell; the lines of the ledger do. */
export type ReportPlan =
  /** All roll-ups of one scope, by total, model or day. */
  | { readonly kind: 'scope'; readonly scope: string }
  /** All scopes that begin so, each a group of its own. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'lines'; readonly scope: string; readonly prefix: string }

/** Says which roll-ups answer a query. */
export function planReport({ by, scope }: Pick<CostQuery, 'by' | 'scope'>): ReportPlan {
  if (by === 'total' || by === 'model' || by === 'day') return { kind: 'scope', scope: scope ?? everything }
  const prefix = `${by}:`
  if (scope === undefined) return { kind: 'prefix', prefix }
  return scope.startsWith(prefix) ? { kind: 'scope', scope } : { kind: 'lines', scope, prefix }
}

/** The group of a report that a roll-up belongs to. */
function groupOf({ by }: Pick<CostQuery, 'by'>, { scope, day, model }: Omit<RollUp, 'sums'>): string {
  if (by === 'total') return 'total'
  if (by === 'model') return model
  return by === 'day' ? day : scope.slice(by.length + 1)
}

/** Whether a day is one of those that a query asks for. */
function isAskedFor({ since, until }: Pick<CostQuery, 'since' | 'until'>, day: string): boolean {
  return (since === undefined || day >= since) && (until === undefined || day <= until)
}

/** The charges of lines that are charged to `scope`, one for each of their scopes that begins with `prefix`. */
export function rollUpsOfLine(charge: Charge, scope: string, prefix: string): readonly RollUp[] {
  if (!charge.scopes.includes(scope)) return []
  const { day, model, sums } = charge
  return charge.scopes.filter((one) => one.startsWith(prefix)).map((one) => ({ scope: one, day, model, sums }))
}

/** How many rows a report has unless said. */
export const defaultReportRows = 100

/** Groups roll-ups: the dearest first, equal ones by name. */
export function reportOf(rollUps: Iterable<RollUp>, query: CostQuery): readonly CostRow[] {
  const groups = new Map<string, CostSums>()
  if (query.by === 'total') groups.set('total', noSums())
  for (const rollUp of rollUps) {
    if (!isAskedFor(query, rollUp.day)) continue
    const key = groupOf(query, rollUp)
    const sums = groups.get(key) ?? noSums()
    groups.set(key, sums)
    addSums(sums, rollUp.sums)
  }
  return [...groups]
    .toSorted(([a, one], [b, other]) => compare(other.picoDollars, one.picoDollars) || compare(a, b))
    .slice(0, query.limit ?? defaultReportRows)
    .map(([key, sums]) => toCostRow(key, sums))
}

/** A row of a report. */
export function toCostRow(key: string, sums: CostSums): CostRow {
  return {
    key,
    ...sums,
    picoDollars: String(sums.picoDollars),
    savedPicoDollars: String(sums.savedPicoDollars),
  }
}

function compare(a: bigint | string, b: bigint | string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function countStatus(sums: CostSums, status: CallCost['status'], by: number): void {
  if (status === 'unpriced') sums.unpricedCalls += by
  if (status === 'unknown') sums.unknownCalls += by
}

function countTokens(sums: CostSums, usage: Usage): void {
  sums.inputTokens = tokens(usage.input)
  sums.cacheReadTokens = tokens(usage.cacheRead)
  sums.cacheWriteTokens = tokens(usage.cacheWrite)
  sums.outputTokens = tokens(usage.output)
  sums.reasoningTokens = tokens(usage.reasoning)
}

/** No call has more tokens: an absurd report of a provider must not spoil the sums of everybody. */
const mostTokens = 1_000_000_000

function tokens(count: number): number {
  return count > 0 ? Math.min(Math.floor(count), mostTokens) : 0
}
