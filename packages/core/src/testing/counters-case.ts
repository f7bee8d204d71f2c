import type {
  Ask,
  BucketView,
  Counters,
  Holder,
  LimiterReport,
  TakeOutcome,
  TakeRequest,
} from '../admission/limits/counters.ts'
import type { Limit } from '../admission/limits/limit.ts'
import type { RateHeaders } from '../admission/limits/rate-headers.ts'
import { toRule } from '../admission/limits/rule.ts'
import { check } from './check.ts'

/** What a case is given. The harness removes the data and closes what the case left open. */
export interface CountersCaseContext {
  /** New counters in which nothing was counted. Called once, first. */
  open(): Promise<Counters>
  /** One more handle on the same counters, as another process would have it. */
  openAgain(): Promise<Counters>
  /** Lets that many milliseconds of the clock of the counters go by, or a little more. */
  pass(ms: number): Promise<void>
}

/** One behaviour that all counters show. Fails by throwing; runs under any test runner. */
export interface CountersCase {
  readonly name: string
  run(context: CountersCaseContext): Promise<void>
}

/** A process that lives through a whole case. */
export const steady: Holder = { id: 'steady', ttlMs: 60_000 }
/** A process that dies soon unless it beats. */
export const brief: Holder = { id: 'brief', ttlMs: 120 }

/** 100 an hour: next to nothing comes back while a case runs. */
export const tokens: Limit = { name: 'tokens', scope: 'key', counts: 'tokens', amount: 100, per: 'hour' }
/** 10 an hour. */
export const requests: Limit = { name: 'requests', scope: 'model', counts: 'requests', amount: 10, per: 'hour' }
/** Two at a time. */
export const slots: Limit = { name: 'slots', scope: 'tenant', counts: 'concurrent', amount: 2 }

/** A report that tells nothing. */
export const nothingNew: LimiterReport = { tallies: [], waiting: [] }
/** Headers that tell nothing. */
export const silent: RateHeaders = { windows: [] }

/** So much of a limit. */
export function ask(limit: Limit, amount: number, value = 'a'): Ask {
  return { rule: toRule(limit), value, amount }
}

/** A request for a permit. */
export function wants(id: string, ...asks: readonly Ask[]): TakeRequest {
  return { id, asks }
}

/** What became of each request: `granted`, or the limit that refused. */
export async function take(counters: Counters, ...asked: readonly TakeRequest[]): Promise<readonly string[]> {
  return tell(await counters.take(steady, asked))
}

/** The same for another holder. */
export async function takeAs(
  counters: Counters,
  holder: Holder,
  ...asked: readonly TakeRequest[]
): Promise<readonly string[]> {
  return tell(await counters.take(holder, asked))
}

function tell(outcomes: readonly TakeOutcome[]): readonly string[] {
  return outcomes.map((outcome) => (outcome.kind === 'granted' ? 'granted' : `${outcome.why} ${outcome.limit}`))
}

/** How long the request would have to wait. */
export async function waitOf(counters: Counters, asked: TakeRequest): Promise<number> {
  const [outcome] = await counters.take(steady, [asked])
  check(outcome?.kind === 'refused', `${asked.id} was granted`)
  return outcome.retryAfterMs
}

/** A bucket as it is now; undefined when it is as good as new. */
export async function bucketOf(counters: Counters, limit: Limit, value = 'a'): Promise<BucketView | undefined> {
  const { buckets } = await counters.inspect()
  return buckets.find((bucket) => bucket.limit === limit.name && bucket.value === value)
}
