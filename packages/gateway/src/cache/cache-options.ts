import { MeepoError } from '@meepo/core'

import type { AnswerStore } from './answer-store.ts'

/** The response cache of a gateway. Answers are kept per tenant and never shared between two. */
export interface CacheOptions {
  /**
   * How long answers to calls with temperature 0 are kept. Default 0: only calls that ask for it (`routing.cacheMs`) are
   * answered from the cache, and only those share one request while it is in flight.
   */
  readonly deterministicMs?: number
  /** Of the cache in memory. Default 64 MiB. */
  readonly maxBytes?: number
  /** Keeps answers elsewhere, for several processes. Default: in the memory of this one. */
  readonly store?: AnswerStore
}

/** Refuses (`config.invalid`) what makes no sense. */
export function checkCache({ deterministicMs, maxBytes, store }: CacheOptions): void {
  checkCount('deterministicMs', deterministicMs, 0)
  checkCount('maxBytes', maxBytes, 1)
  if (store && maxBytes !== undefined)
    throw invalid('cache.maxBytes is of the cache in memory: leave it out with a store')
}

function checkCount(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return
  throw invalid(`cache.${name} must be an integer from ${least} up`)
}

function invalid(message: string): MeepoError {
  return new MeepoError('config.invalid', `gateway: ${message}`)
}
