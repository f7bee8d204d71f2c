import type { LimitCounts } from './limit.ts'

/** What a provider told about one of its limits. */
export interface RateWindow {
  readonly counts: Exclude<LimitCounts, 'concurrent'>
  readonly limit?: number
  readonly remaining: number
  /** Until the limit is full again. */
  readonly resetMs?: number
}

/** What a provider told with an answer. Empty when it told nothing that makes sense. */
export interface RateHeaders {
  /** Not before this time. */
  readonly retryAfterMs?: number
  readonly windows: readonly RateWindow[]
}

/** The names of the headers, by who sends them. */
const families: readonly {
  readonly prefix: string
  readonly kinds: readonly (readonly [string, RateWindow['counts']])[]
}[] = [
  {
    prefix: 'x-ratelimit-',
    kinds: [
      ['requests', 'requests'],
      ['tokens', 'tokens'],
      ['input-tokens', 'input_tokens'],
      ['output-tokens', 'output_tokens'],
    ],
  },
  {
    prefix: 'anthropic-ratelimit-',
    kinds: [
      ['requests', 'requests'],
      ['tokens', 'tokens'],
      ['input-tokens', 'input_tokens'],
      ['output-tokens', 'output_tokens'],
    ],
  },
]

/** Longer than any provider means: a mistake, or a date in another format. */
const longestMs = 24 * 3_600_000

/**
 * Reads what a provider says about its limits. Names are lower case, as `fetch` gives them. What cannot be understood
 * is left out: words, negative numbers, limits of 0 or -1, times more than a day ahead.
 *
 * @example
 * readRateHeaders({ 'retry-after': '20' }, Date.now()) // { retryAfterMs: 20_000, windows: [] }
 */
export function readRateHeaders(headers: Readonly<Record<string, string | undefined>>, now: number): RateHeaders {
  const retryAfterMs = readRetryAfter(headers, now)
  const windows = families.flatMap(({ prefix, kinds }) =>
    kinds.flatMap(([kind, counts]) => {
      // Anthropic puts the kind first, OpenAI last.
      const of = (part: string): string | undefined =>
        headers[`${prefix}${kind}-${part}`] ?? headers[`${prefix}${part}-${kind}`]
      const window = readWindow(counts, of('limit'), of('remaining'), of('reset'), now)
      return window === undefined ? [] : [window]
    }),
  )
  return { windows, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

function readWindow(
  counts: RateWindow['counts'],
  limitText: string | undefined,
  remainingText: string | undefined,
  resetText: string | undefined,
  now: number,
): RateWindow | undefined {
  const remaining = readCount(remainingText)
  const limit = readCount(limitText)
  // Some send a limit of 0 or -1 when they have none: what remains of it means nothing either.
  if (remaining === undefined || (limitText !== undefined && (limit === undefined || limit === 0))) return undefined
  const resetMs = resetText === undefined ? undefined : readTime(resetText, now)
  return { counts, remaining, ...(limit === undefined ? {} : { limit }), ...(resetMs === undefined ? {} : { resetMs }) }
}

function readRetryAfter(headers: Readonly<Record<string, string | undefined>>, now: number): number | undefined {
  const inMs = headers['retry-after-ms']
  const fromMs = inMs === undefined || !/^\d+(\.\d+)?$/.test(inMs.trim()) ? undefined : plausible(Number(inMs))
  if (fromMs !== undefined) return fromMs
  const text = headers['retry-after']
  return text === undefined ? undefined : readTime(text, now)
}

function readCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined
}

/** Seconds ("20", "0.5"), a duration ("6m0s", "60ms"), an HTTP date or an RFC 3339 time, as milliseconds from now. */
function readTime(text: string, now: number): number | undefined {
  const trimmed = text.trim()
  if (/^\d+(\.\d+)?$/.test(trimmed)) return plausible(Number(trimmed) * 1_000)
  const duration = readDuration(trimmed)
  if (duration !== undefined) return plausible(duration)
  // Anything shorter is not a date, though the parser of dates makes one of it.
  const at = /^(\d{4}-\d\d-\d\dT|[A-Z][a-z]{2}, )/.test(trimmed) ? Date.parse(trimmed) : Number.NaN
  return Number.isNaN(at) ? undefined : plausible(Math.max(0, at - now))
}

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const

function readDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|d|h|m|s))+$/.test(text)) return undefined
  let sum = 0
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|d|h|m|s)/g)) {
    // The expression matches no other unit.
    sum += Number(count) * unitMs[unit as keyof typeof unitMs]
  }
  return sum
}

function plausible(ms: number): number | undefined {
  return ms <= longestMs ? Math.ceil(ms) : undefined
}
