/** What a session's last answer left behind at a provider. */
export interface Warmth {
  /** The row of the target on the health board: model and key. */
  readonly key: string
  /** Input and output of the last call: what a prompt cache may hold. */
  readonly tokens: number
  readonly at: number
}

/** As many conversations are remembered at least, and at most twice as many. */
const remembered = 10_000
/** As long as the shortest prompt caches of providers last. */
const warmMs = 300_000

/** Remembers where conversations were answered. The oldest are forgotten, many at a time: one by one costs more. */
export class SessionBook {
  #newer = new Map<string, Warmth>()
  #older: ReadonlyMap<string, Warmth> = new Map()

  answered(session: string, warmth: Warmth): void {
    this.#newer.set(session, warmth)
    if (this.#newer.size < remembered) return
    this.#older = this.#newer
    this.#newer = new Map()
  }

  last(session: string): string | undefined {
    return this.#find(session)?.key
  }

  /** Tokens of the conversation that a target may still have in its cache. */
  warmTokens(session: string, key: string, now: number): number {
    const last = this.#find(session)
    return last?.key === key && now - last.at < warmMs ? last.tokens : 0
  }

  #find(session: string): Warmth | undefined {
    return this.#newer.get(session) ?? this.#older.get(session)
  }
}
