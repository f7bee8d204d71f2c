/** What a session's last answer left behind at a provider. */
export interface Warmth {
  /** The row of the target on the health board: model and key. */
  readonly key: string
  /** Input and output of the last call: what a prompt cache may hold. */
  readonly tokens: number
  readonly at: number
}

const remembered = 10_000
/** As long as the shortest prompt caches of providers last. */
const warmMs = 300_000

/** Remembers where conversations were answered. The oldest are forgotten. */
export class SessionBook {
  readonly #sessions = new Map<string, Warmth>()

  answered(session: string, warmth: Warmth): void {
    this.#sessions.delete(session)
    this.#sessions.set(session, warmth)
    if (this.#sessions.size <= remembered) return
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest)
      return
    }
  }

  last(session: string): string | undefined {
    return this.#sessions.get(session)?.key
  }

  /** Tokens of the conversation that a target may still have in its cache. */
  warmTokens(session: string, key: string, now: number): number {
    const last = this.#sessions.get(session)
    return last?.key === key && now - last.at < warmMs ? last.tokens : 0
  }
}
