import { bucketsOf } from './invoice/buckets.ts'
import { amountOf } from './invoice/price.ts'
import type { Price } from './invoice/price.ts'
import type { Outcome } from './journal/entry.ts'
import type { CompletionUsage } from './openai/completion.ts'

/**
 * What a request costs so far. It grows while an answer is sent, so that an interruption at any point finds the right sum
 * in it.
 */
export interface Charge {
  status?: number
  firstChunkAt?: number
  fault?: string
  billed: boolean
  aborted: boolean
  /** What the whole answer would cost; the input is billed as soon as anything is. */
  usage?: CompletionUsage
  outputTokens: number
  model?: string
  serviceTier?: string
}

/** A charge of nothing. */
export function newCharge(): Charge {
  return { outputTokens: 0, billed: false, aborted: false }
}

/** The charge as the journal keeps it. */
export function outcomeOf(charge: Charge, provider: string, prices: readonly Price[]): Outcome {
  const { status, firstChunkAt, fault, billed, aborted, usage, outputTokens, model, serviceTier } = charge
  const facts = {
    ...(status !== undefined && { status }),
    ...(firstChunkAt !== undefined && { firstChunkAt }),
    ...(fault !== undefined && { fault }),
    billed,
    aborted,
  }
  if (!billed || usage === undefined) return { ...facts, inputTokens: 0, outputTokens: 0 }
  const served = { provider, model: model ?? '', serviceTier: serviceTier ?? '' }
  const buckets = bucketsOf(usage, outputTokens)
  const amount = amountOf(prices, served, buckets)
  return {
    ...facts,
    inputTokens: usage.inputTokens,
    outputTokens,
    buckets,
    servedModel: served.model,
    serviceTier: served.serviceTier,
    ...(amount !== undefined && { amountPico: String(amount) }),
  }
}
