/** Each success pays for a tenth of a repeat. */
const perSuccess = 0.1
/** What a provider has at the start, and at most. */
const most = 100

/**
 * Keeps repeats from making an outage worse: once the reserve is used up, a provider is asked again only as often as a
 * tenth of its recent successes. Going on to another target is always allowed.
 */
export class RetryBudget {
  readonly #tokens = new Map<string, number>()

  /** Takes one repeat; false when there is none. */
  take(provider: string): boolean {
    const left = this.#tokens.get(provider) ?? most
    if (left < 1) return false
    this.#tokens.set(provider, left - 1)
    return true
  }

  succeeded(provider: string): void {
    const left = this.#tokens.get(provider)
    if (left !== undefined && left < most) this.#tokens.set(provider, Math.min(most, left + perSuccess))
  }
}
