/** How fast a target answered lately. */
export interface Speed {
  readonly firstContentMs: number
  /** Undefined: nobody watched an answer arrive yet. */
  readonly outputPerSecond: number | undefined
}

interface Record {
  firstContentMs: number
  outputPerSecond: number | undefined
  at: number
  pending: number
}

/** A slower answer counts at once, faster ones win it back over about this time. */
const recoveryMs = 30_000
/** What was measured long ago counts less and less, so that a slow target is tried again. */
const idleMs = 300_000

/** One finished answer. */
export interface SpeedSample {
  /** Undefined: it came in one piece. */
  readonly firstContentMs: number | undefined
  readonly durationMs: number
  readonly outputTokens: number
}

/** Measured times of targets: a moving average that believes bad news at once (PeakEWMA). */
export class SpeedBook {
  readonly #records = new Map<string, Record>()

  begun(key: string, now: number): void {
    const record = this.#records.get(key)
    if (record) record.pending++
    else this.#records.set(key, { firstContentMs: 0, outputPerSecond: undefined, at: now, pending: 1 })
  }

  /** Every call that begun ends, with a sample or without. */
  ended(key: string, now: number, sample?: SpeedSample): void {
    const record = this.#records.get(key)
    if (!record) return
    record.pending = Math.max(0, record.pending - 1)
    if (!sample) return
    const first = sample.firstContentMs ?? sample.durationMs
    const rest = sample.durationMs - first
    const old = this.of(key, now)
    const share = 1 - Math.exp(-Math.max(1, now - record.at) / recoveryMs)
    const before = old?.firstContentMs ?? first
    record.firstContentMs = first > before ? first : before + share * (first - before)
    if (rest > 0 && sample.outputTokens > 0) {
      const rate = (sample.outputTokens * 1_000) / rest
      const known = record.outputPerSecond ?? rate
      record.outputPerSecond = rate < known ? rate : known + share * (rate - known)
    }
    record.at = now
  }

  of(key: string, now: number): Speed | undefined {
    const record = this.#records.get(key)
    if (!record || record.firstContentMs === 0) return undefined
    const fade = Math.exp(-Math.max(0, now - record.at) / idleMs)
    return { firstContentMs: record.firstContentMs * fade, outputPerSecond: record.outputPerSecond }
  }

  /** The expected time of an answer of so many tokens, calls under way counted. 0: nobody knows, so it should be tried. */
  score(key: string, now: number, outputTokens: number): number {
    const speed = this.of(key, now)
    if (!speed) return 0
    const { firstContentMs, outputPerSecond } = speed
    const output = outputPerSecond === undefined ? 0 : (outputTokens * 1_000) / outputPerSecond
    return (firstContentMs + output) * (1 + (this.#records.get(key)?.pending ?? 0))
  }
}
