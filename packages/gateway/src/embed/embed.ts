import type { CallAccount, JsonObject, Usage } from '@meepo/core'

import { cancelledError } from '../errors/model-error.ts'
import { demand } from '../serve/check-ask.ts'
import { Tab, type TabCost, type TabLine } from '../serve/tab.ts'
import { estimateTextTokens } from '../tokens/estimate-tokens.ts'
import { textWeight } from '../tokens/text-weight.ts'
import { Collector, type CollectOptions } from './collector.ts'
import { sendSlices, type EmbedSender } from './embed-request.ts'
import type { EmbedSlice } from './embed-slice.ts'
import type { EmbedTarget } from './embed-target.ts'

/** Texts of which vectors are wanted. */
export interface EmbedOptions {
  /** `provider:model` or an alias. */
  readonly model: string
  readonly values: readonly string[]
  /** Length of the vectors, where the model can choose. */
  readonly dimensions?: number
  /** Passed through per provider, for example `{ google: { taskType: 'RETRIEVAL_QUERY' } }`. */
  readonly providerOptions?: { readonly [provider: string]: JsonObject }
  /** Who pays. Absent: nobody is charged, and the result says what it cost. */
  readonly account?: CallAccount
  /** Whose texts they are, for calls without an account; texts of two tenants are never sent together. Default `default`. */
  readonly tenant?: string
  /** Gives up; told when the request that the texts travel in ends, which others may still wait for. */
  readonly signal?: AbortSignal
  /** Tries after the first of each request. Default 3. */
  readonly maxRetries?: number
  /** Names the call in books and headers; unique. Default: drawn. */
  readonly id?: string
}

/** Vectors and what they cost. */
export interface Embedded {
  /** In the order of the values. */
  readonly embeddings: readonly (readonly number[])[]
  readonly usage: Pick<Usage, 'input' | 'calls'>
  readonly cost: TabCost
  readonly calls: readonly TabLine[]
  readonly model: string
}

/** What embedding needs. */
export interface EmbedTools extends EmbedSender {
  /** Throws `model.unknown_name`. */
  readonly targetOf: (name: string) => EmbedTarget
  readonly newId: () => string
  readonly collect?: Partial<CollectOptions>
}

const defaults: CollectOptions = { waitMs: 5, maxValues: 2_048, maxTokens: 250_000 }
const never = new AbortController().signal

/** Makes the function that embeds: calls of the same moment travel together, and each pays its share. */
export function createEmbed(tools: EmbedTools): (options: EmbedOptions) => Promise<Embedded> {
  const limits = { ...defaults, ...tools.collect }
  const collector = new Collector(limits, tools.scheduler, (slices) => void sendSlices(tools, slices))
  return async (options) => {
    checkEmbed(options)
    const { account, tenant = 'default', id = `embed/${tools.newId()}`, signal = never } = options
    const place = tools.targetOf(options.model)
    const tab = new Tab(account, tenant)
    const atOnce = (await (await place.load()).maxEmbeddingsPerCall) ?? limits.maxValues
    let lines = 0
    let permits = 0
    const parts = cut(options.values, { ...limits, maxValues: Math.min(atOnce, limits.maxValues) }).map(
      (values) =>
        new Promise<readonly (readonly number[])[]>((done, fail) => {
          const slice: EmbedSlice = {
            place,
            tenant: tab.tenant,
            dimensions: options.dimensions,
            providerOptions: options.providerOptions,
            values,
            tokens: values.reduce((sum, text) => sum + tokensOf(text), 0),
            size: { weight: values.reduce((sum, text) => sum + textWeight(text), 0), pieces: 0 },
            tab,
            signal,
            nextId: () => `${id}.${(lines += 1)}`,
            nextPermit: () => `${id}/permit-${(permits += 1)}`,
            maxRetries: options.maxRetries ?? 3,
            done,
            fail,
          }
          collector.add(slice, atOnce)
        }),
    )
    // All of them end before the first error is told: whoever is told may close the books.
    const ended = await Promise.allSettled(parts)
    if (signal.aborted) throw cancelledError(signal)
    const embeddings = ended.flatMap((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    })
    return { embeddings, usage: usageOf(tab.lines), cost: tab.cost(), calls: tab.lines, model: place.target.id }
  }
}

/** Refuses (`request.invalid`) what no provider could answer. */
function checkEmbed({ model, values, dimensions, maxRetries, account, tenant, id }: EmbedOptions): void {
  demand(typeof model === 'string' && model !== '', 'model', 'must name a model')
  demand(Array.isArray(values) && values.length > 0, 'values', 'must hold a text')
  for (const [index, value] of values.entries()) {
    demand(typeof value === 'string' && value !== '', `values[${index}]`, 'must be a text that is not empty')
  }
  for (const [place, count, least] of [
    ['dimensions', dimensions, 1],
    ['maxRetries', maxRetries, 0],
  ] as const) {
    demand(count === undefined || (Number.isSafeInteger(count) && count >= least), place, `must be an integer`)
  }
  demand(!(account && tenant !== undefined), 'tenant', 'is that of the account: give one of them')
  demand(tenant !== '', 'tenant', 'must not be empty')
  demand(id !== '', 'id', 'must not be empty')
}

/** Requests of at most so many texts and tokens; a text that is too long by itself is the provider's to refuse. */
function cut(values: readonly string[], { maxValues, maxTokens }: CollectOptions): readonly string[][] {
  const parts: string[][] = []
  let tokens = 0
  for (const value of values) {
    const own = tokensOf(value)
    const last = parts.at(-1)
    if (last && last.length < maxValues && tokens + own <= maxTokens) last.push(value)
    else {
      parts.push([value])
      tokens = 0
    }
    tokens += own
  }
  return parts
}

function tokensOf(text: string): number {
  return Math.max(1, estimateTextTokens(text))
}

function usageOf(lines: readonly TabLine[]): Embedded['usage'] {
  return lines.reduce(
    (sum, { entry: { usage } }) => ({ input: sum.input + usage.input, calls: sum.calls + usage.calls }),
    { input: 0, calls: 0 },
  )
}
