import type { MeepoError, ModelResponse } from '@meepo/core'

import type { TabCost } from '../serve/tab.ts'

/**
 * A batch on its way. Plain JSON: a step returns it, and any process can ask for its results later. It holds nothing of the
 * prompts.
 */
export type BatchTicket = {
  /** The provider's name for it. */
  readonly batchId: string
  /** `provider:model`, and the label of the key that pays. */
  readonly target: string
  readonly key: string
  /** Milliseconds since 1970. */
  readonly submittedAt: number
  /** When the provider gives up, if it says so. */
  readonly expiresAt?: number
  /** In the order of the requests. */
  readonly items: readonly BatchTicketItem[]
}

/** One request of a batch, as far as its line in the books needs it. */
export type BatchTicketItem = {
  /** Of its line in the books, and by which the provider knows it. */
  readonly id: string
  readonly countedTokens: number
  /** What money was set aside for, where that was known when the batch was submitted. */
  readonly mostInputTokens?: number
  readonly maxOutputTokens: number
  /** See `CallFacts`. */
  readonly requestHash: string
}

/** How far a batch is. */
export interface BatchProgress {
  /** `failed`: none of it will be answered any more, but parts may have been. */
  readonly status: 'pending' | 'completed' | 'failed'
  readonly counts?: {
    readonly total: number
    readonly pending: number
    readonly completed: number
    readonly failed: number
  }
}

/** What became of one request. */
export type BatchOutcome =
  | { readonly kind: 'answered'; readonly id: string; readonly response: ModelResponse }
  | { readonly kind: 'failed'; readonly id: string; readonly error: MeepoError }

/** What became of a batch. */
export interface BatchResults {
  /** In the order of the requests. */
  readonly outcomes: readonly BatchOutcome[]
  /** At the price of batches; `savedPicoDollars` is the difference to the usual one. */
  readonly cost: TabCost
}
