import type { JournalEntry } from '@meepo/simulator'
import type { Wait } from '../waits.ts'

/** How well the allowed rate was used, and by whom. */
export interface RatesReport {
  readonly problems: readonly string[]
  /** Tokens used while at least one call waited, of those that the rate allows in that time. */
  readonly usedShare: number
  /** How long at least one call waited. */
  readonly seconds: number
  /** By tenant: what it got, as a multiple of what it was due. */
  readonly shares: Readonly<Record<string, number>>
}

const leastUsed = 0.95
const leastShare = 0.95
/** In less time the burst and the calls under way at either end weigh more than what is measured. */
const leastSeconds = 20
/** Whoever was due fewer of its calls than that cannot be told from one that got a call less. */
const leastCalls = 30
/** After a pause the burst goes to whoever comes first, before anybody waits: what is shared is the rate behind it. */
const burstMs = 1_000
/**
 * How far, in time at the full rate, a tenant may be behind in one stretch of waiting: permits are given out in batches to
 * three processes, and who has just come finds those of the batches under way promised. All fair queues have such a bound;
 * what is unfair grows beyond it as long as the waiting lasts.
 */
const behindMs = 250

/**
 * Measures fairness over the time in which tenants really waited. Each permit, when it is given, is divided evenly among
 * the tenants of which a call waits at that moment, in whatever process, and the one that gets it: that is what each of
 * them was due. A tenant of which nothing waits is due nothing, so it does not count that it had fewer runs, stopped early,
 * or was busy with something else; and calls that had room at once take nothing from anybody. Tokens are those reserved,
 * by which limits share.
 *
 * The rate is measured over the time in which at least one call of anybody waited, in tokens as the provider billed them.
 */
export function measureRates(
  invoice: readonly JournalEntry[],
  waits: readonly Wait[],
  tokensPerMinute: number,
): RatesReport {
  const busy = busySpans(waits)
  const shares: Record<string, number> = {}
  const problems: string[] = []
  for (const [tenant, { got, due, forgiven }] of divide(waits, busy, (tokensPerMinute / 60_000) * behindMs)) {
    const largest = Math.max(...waits.filter((wait) => wait.tenant === tenant).map((wait) => wait.tokens))
    if (due < leastCalls * largest) continue
    const share = got / (due - forgiven)
    shares[tenant] = share
    if (share < leastShare) problems.push(`${tenant} got ${share.toFixed(3)} of its fair share while it waited`)
  }
  const { used, seconds } = usedWhile(busy, invoice, waits)
  const usedShare = seconds === 0 ? 1 : used / ((tokensPerMinute / 60) * seconds)
  if (seconds >= leastSeconds && usedShare < leastUsed) {
    problems.push(`${usedShare.toFixed(3)} of the allowed tokens were used while calls waited`)
  }
  return { problems, usedShare, seconds, shares }
}

/** Tokens of one tenant. */
interface Portion {
  got: number
  due: number
  /** Of those that it was due and did not get: up to {@link behindMs} of each stretch in which it waited. */
  forgiven: number
  /** Calls that wait now, and how far it is behind since the first of them came. */
  waiting: number
  behind: number
}

function divide(waits: readonly Wait[], busy: readonly Span[], mostBehind: number): ReadonlyMap<string, Portion> {
  const begins = waits.filter(({ isQueued }) => isQueued).map((wait) => ({ at: wait.from, wait, isEnd: false }))
  const ends = waits.map((wait) => ({ at: wait.until, wait, isEnd: true }))
  const portions = new Map<string, Portion>()
  for (const { tenant } of waits) portions.set(tenant, { got: 0, due: 0, forgiven: 0, waiting: 0, behind: 0 })
  for (const { at, wait, isEnd } of [...begins, ...ends].toSorted((a, b) => a.at - b.at)) {
    const { tenant, tokens, isQueued, isGranted } = wait
    // All tenants have one.
    const own = portions.get(tenant)!
    if (isEnd && isGranted && busy.some(({ from, until }) => at > from + burstMs && at <= until)) {
      const present = [...portions.values()].filter((portion) => portion.waiting > 0 || portion === own)
      own.got += tokens
      own.behind -= tokens
      for (const portion of present) {
        portion.due += tokens / present.length
        portion.behind += tokens / present.length
      }
    }
    if (!isQueued) continue
    own.waiting += isEnd ? -1 : 1
    if (own.waiting === 0) own.forgiven += Math.min(mostBehind, Math.max(0, own.behind))
    if (own.waiting === (isEnd ? 0 : 1)) own.behind = 0
  }
  return portions
}

interface Span {
  readonly from: number
  until: number
}

/** The times in which at least one call waited. */
function busySpans(waits: readonly Wait[]): readonly Span[] {
  const spans: Span[] = []
  for (const { from, until } of waits.filter(({ isQueued }) => isQueued).toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1)
    if (last !== undefined && from <= last.until) last.until = Math.max(last.until, until)
    else spans.push({ from, until })
  }
  return spans
}

function usedWhile(
  busy: readonly Span[],
  invoice: readonly JournalEntry[],
  waits: readonly Wait[],
): { readonly used: number; readonly seconds: number } {
  const billed = new Map(
    invoice.map((one) => [one.attemptId ?? '', one.billed ? one.inputTokens + one.outputTokens : 0]),
  )
  let used = 0
  for (const { id, until, isGranted } of waits) {
    if (isGranted && busy.some((span) => until >= span.from && until <= span.until)) used += billed.get(id) ?? 0
  }
  return { used, seconds: busy.reduce((sum, { from, until }) => sum + until - from, 0) / 1_000 }
}
