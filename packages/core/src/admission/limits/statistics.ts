import type { LimiterReport, LimitsView, LimitTally, Waiting } from './counters.ts'

/** Nothing counted yet. */
export function emptyTally(limit: string): LimitTally {
  return { limit, requests: 0, waits: 0, waitedMs: 0, longestWaitMs: 0, refusals: 0, throttles: 0 }
}

/** Both together. */
export function addTally(a: LimitTally, b: LimitTally): LimitTally {
  return {
    limit: a.limit,
    requests: a.requests + b.requests,
    waits: a.waits + b.waits,
    waitedMs: a.waitedMs + b.waitedMs,
    longestWaitMs: Math.max(a.longestWaitMs, b.longestWaitMs),
    refusals: a.refusals + b.refusals,
    throttles: a.throttles + b.throttles,
  }
}

/** What limiters told, added up. */
export class LimitStatistics {
  readonly #tallies = new Map<string, LimitTally>()
  readonly #waiting = new Map<string, readonly Waiting[]>()

  add(holder: string, report: LimiterReport): void {
    for (const tally of report.tallies) {
      this.#tallies.set(tally.limit, addTally(this.#tallies.get(tally.limit) ?? emptyTally(tally.limit), tally))
    }
    this.#waiting.set(holder, report.waiting)
  }

  leave(holder: string): void {
    this.#waiting.delete(holder)
  }

  view(isAlive: (holder: string) => boolean): Pick<LimitsView, 'tallies' | 'waiting'> {
    for (const holder of this.#waiting.keys()) if (!isAlive(holder)) this.#waiting.delete(holder)
    return { tallies: [...this.#tallies.values()], waiting: sumWaiting([...this.#waiting.values()].flat()) }
  }
}

/** Sums per limit and tenant. */
export function sumWaiting(all: readonly Waiting[]): readonly Waiting[] {
  const sums = new Map<string, Waiting>()
  for (const { limit, tenant, count } of all) {
    const key = `${limit} ${tenant}`
    sums.set(key, { limit, tenant, count: count + (sums.get(key)?.count ?? 0) })
  }
  return [...sums.values()]
}
