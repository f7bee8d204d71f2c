import type { LanguageModelV4Usage, SharedV4ProviderMetadata } from '@ai-sdk/provider'
import { normalise, toUsage, type Usage, type UsageBuckets } from '@meepo/core'

import type { Target } from '../target.ts'
import { estimateTextTokens, type TokenScale } from '../tokens/estimate-tokens.ts'
import { estimateUsage } from '../usage/estimate.ts'
import { extractUsage, type Extracted } from '../usage/extract.ts'
import { LastWords } from '../usage/last-words.ts'

/** Tokens of a UTF-16 unit of reasoning and tool input. */
const perUnit = 0.3

/** What one try learned on its way, whatever became of it: the books need it also when there is no answer. */
export class TryReport {
  readonly target: Target
  /** Input tokens by the count before the call. */
  readonly countedTokens: number
  readonly words: LastWords = new LastWords()
  usage: LanguageModelV4Usage | undefined
  metadata: SharedV4ProviderMetadata | undefined
  headers: Readonly<Record<string, string>> = {}
  /** Milliseconds since 1970. */
  firstContentAt: number | undefined
  /** UTF-16 units of text, reasoning and tool input that arrived. */
  arrived = 0
  /** What the watcher was told. */
  told = ''
  /** The provider said that it will not answer: nothing is billed unless something arrived. */
  isRefused = false
  readonly #scale: TokenScale
  #extracted: Extracted | undefined
  #buckets: UsageBuckets | undefined
  #summary: Usage | undefined

  constructor(target: Target, countedTokens: number, scale: TokenScale) {
    this.target = target
    this.countedTokens = countedTokens
    this.#scale = scale
  }

  /** What the provider told about usage, model and class of service. Asked for when the try is over. */
  get extracted(): Extracted {
    const { usage, metadata, words } = this
    return (this.#extracted ??= extractUsage({ kind: this.target.kind, usage, metadata, words }))
  }

  /** What was used: by the provider's word, else by our own count of what was sent and what arrived. */
  get buckets(): UsageBuckets {
    return (this.#buckets ??= this.#count())
  }

  #count(): UsageBuckets {
    const told = this.extracted.buckets
    // Of what nobody watched only the length is known.
    const outputTokens =
      estimateTextTokens(this.told, this.#scale) + Math.ceil((this.arrived - this.told.length) * perUnit)
    const known = told && normalise(told)
    const used = estimateUsage(known, { inputTokens: this.countedTokens, outputTokens })
    return used === known ? used : normalise(used)
  }

  /** The same as a summary. */
  get summary(): Usage {
    return (this.#summary ??= toUsage(this.buckets))
  }

  /** Nothing came back that anybody could bill. */
  get isEmpty(): boolean {
    return this.arrived === 0 && this.extracted.buckets === undefined
  }

  sawContent(units: number, now: number): void {
    this.arrived += units
    this.firstContentAt ??= now
  }
}
