import type { LanguageModelV4Usage, SharedV4ProviderMetadata } from '@ai-sdk/provider'
import { MeepoError, parseDollars, type Json, type Pico, type UsageBuckets } from '@meepo/core'
import type { ProviderKind } from '../options.ts'
import { anthropicBuckets, fallbackModel } from './anthropic.ts'
import { googleBuckets } from './google.ts'
import type { LastWords } from './last-words.ts'
import { chatBuckets, responsesBuckets, type Counted } from './openai.ts'
import { fields, word, type Fields } from './wire.ts'

/** Everywhere a provider and its adapter may have told about usage. */
export interface Reported {
  readonly kind: ProviderKind
  /** By the adapter; all undefined when a stream broke or the server does not count. */
  readonly usage?: LanguageModelV4Usage | undefined
  readonly metadata?: SharedV4ProviderMetadata | undefined
  /** Fed with the body of the answer, or with the raw chunks of the stream. */
  readonly words?: LastWords | undefined
}

/** What is needed to price a call. */
export interface Extracted {
  /** Missing: nobody counted; see `estimateUsage`. */
  readonly buckets?: UsageBuckets
  /** The model that answered, by the provider's word. */
  readonly model?: string
  readonly serviceTier?: string
  readonly region?: string
  /** From a provider that is the biller itself. */
  readonly reportedPicoDollars?: Pico
}

/**
 * Finds what a call used where its provider really tells it: the body or the raw chunks first, because adapters lose
 * audio tokens and classes of service, then the adapter's raw usage, then its counts.
 */
export function extractUsage({ kind, usage, metadata, words }: Reported): Extracted {
  const isFinal = usage?.inputTokens.total !== undefined && usage.outputTokens.total !== undefined
  const told = words?.usage ?? (isFinal ? usage.raw : undefined)
  const wire = told && hasCounts(told) ? told : undefined
  const counted = wire ? countedBy(kind, wire, words?.searches ?? 0) : isFinal ? adapterBuckets(usage) : undefined
  return {
    ...(counted ? { buckets: { ...counted, source: isFinal ? 'final' : 'partial', ...rawOf(wire, words) } } : {}),
    ...named({
      model: (wire && kind === 'anthropic' ? fallbackModel(wire) : undefined) ?? words?.model,
      serviceTier: serviceTier(kind, wire, metadata, words),
      region: kind === 'anthropic' ? word(wire?.['inference_geo']) : undefined,
      reportedPicoDollars: kind === 'openai-compatible' && wire ? reportedCost(wire) : undefined,
    }),
  }
}

/** Usage without a count of the input is no usage: a cost alone, for example. */
function hasCounts(wire: Fields): boolean {
  return ['prompt_tokens', 'input_tokens', 'promptTokenCount'].some((name) => typeof wire[name] === 'number')
}

/** What came over the wire was JSON then; what an adapter kept of it may hold fields that are undefined. */
function rawOf(wire: Fields | undefined, words: LastWords | undefined): { raw?: Json } {
  if (!wire) return {}
  return { raw: (words?.usage ? wire : JSON.parse(JSON.stringify(wire))) as Json }
}

function countedBy(kind: ProviderKind, wire: Fields, searches: number): Counted {
  switch (kind) {
    case 'anthropic':
      return anthropicBuckets(wire)
    case 'google':
      return googleBuckets(wire, searches)
    case 'openai':
    case 'openai-compatible':
      return 'input_tokens' in wire ? responsesBuckets(wire, searches) : chatBuckets(wire)
  }
}

/** Without the provider's own words, what the adapter made of them. */
function adapterBuckets({ inputTokens, outputTokens }: LanguageModelV4Usage): Counted {
  const { total, cacheRead, cacheWrite } = inputTokens
  return chatBuckets({
    prompt_tokens: total,
    prompt_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite },
    completion_tokens: outputTokens.total,
    completion_tokens_details: { reasoning_tokens: outputTokens.reasoning },
  })
}

function serviceTier(
  kind: ProviderKind,
  wire: Fields | undefined,
  metadata: SharedV4ProviderMetadata | undefined,
  words: LastWords | undefined,
): string | undefined {
  switch (kind) {
    case 'anthropic':
      return wire?.['speed'] === 'fast' ? 'fast' : (word(wire?.['service_tier']) ?? words?.serviceTier)
    case 'google':
      return (
        word(wire?.['serviceTier']) ?? word(wire?.['trafficType']) ?? word(fields(metadata?.['google'])['serviceTier'])
      )
    case 'openai':
    case 'openai-compatible':
      return words?.serviceTier ?? word(fields(metadata?.['openai'])['serviceTier'])
  }
}

/** OpenRouter's `cost`, unless it bills only its fee, and DeepInfra's `estimated_cost`, in dollars. */
function reportedCost(wire: Fields): Pico | undefined {
  const cost = wire['is_byok'] === true ? undefined : (wire['cost'] ?? wire['estimated_cost'])
  if (typeof cost !== 'number') return undefined
  try {
    return parseDollars(Number(cost.toFixed(12)))
  } catch (error) {
    // A cost that is no amount of money is as good as none: ours is used.
    if (MeepoError.is(error)) return undefined
    throw error
  }
}

function named<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const rest: { [K in keyof T]?: Exclude<T[K], undefined> } = {}
  for (const name in values) {
    const value = values[name]
    // Exactly the fields that have a value.
    if (value !== undefined) rest[name] = value as Exclude<T[typeof name], undefined>
  }
  return rest
}
