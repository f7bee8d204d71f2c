import type { Limiter } from '@meepo/core'

import type { CallSettings } from '../call.ts'
import type { HealthKeeper } from '../health/health-keeper.ts'
import { openPrices, readOverrides, type PriceList, type PriceListOptions } from '../prices/price-list.ts'
import type { RetrySettings } from '../retry/check-retry.ts'
import type { RetryBudget } from '../retry/retry-budget.ts'
import type { OutputBook } from '../route/output-book.ts'
import type { SessionBook } from '../route/session-book.ts'
import type { SpeedBook } from '../route/speed-book.ts'
import type { TokenScales } from '../tokens/estimate-tokens.ts'
import type { Clock } from './clock.ts'

/** What all calls of a gateway share. */
export interface PipelineParts {
  readonly clock: Clock
  readonly prices: PriceShelf
  readonly limiter: Limiter | undefined
  readonly health: HealthKeeper
  readonly speeds: SpeedBook
  readonly sessions: SessionBook
  readonly outputs: OutputBook
  readonly scales: TokenScales
  readonly retryBudget: RetryBudget
  readonly settings: CallSettings
  readonly retry: RetrySettings
  /** With less output than this a call is not worth its money. */
  readonly usefulTokens: number
}

/** The prices in force. They may be replaced at any time: each call is priced by those that it started with. */
export class PriceShelf {
  #options: PriceListOptions
  #list: PriceList | undefined
  #opening: Promise<PriceList> | undefined

  /** Throws when an override is wrong; the book is read when it is first used. */
  constructor(options: PriceListOptions) {
    readOverrides(options.overrides)
    this.#options = options
  }

  /** At once, but for the first time after a change. */
  get list(): PriceList | Promise<PriceList> {
    if (this.#list) return this.#list
    this.#opening ??= this.#open(this.#options)
    return this.#opening
  }

  /** Throws when an override is wrong; the old prices stay then. */
  replace(options: PriceListOptions): void {
    readOverrides(options.overrides)
    this.#options = options
    this.#list = undefined
    this.#opening = undefined
  }

  async #open(options: PriceListOptions): Promise<PriceList> {
    try {
      const list = await openPrices(options)
      if (options === this.#options) this.#list = list
      return list
    } catch (error) {
      if (options === this.#options) this.#opening = undefined
      throw error
    }
  }
}
