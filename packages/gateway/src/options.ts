import type { HealthBoard, Limiter, Machine, Models, Scheduler } from '@meepo/core'

import type { WaitOptions } from './batch/wait-stage.ts'
import type { CacheOptions } from './cache/cache-options.ts'
import type { CollectOptions } from './embed/collector.ts'
import type { TargetHealth } from './health/target-health.ts'
import type { PriceListOptions } from './prices/price-list.ts'
import type { RetryOptions } from './retry/backoff.ts'
import type { RouteOptions } from './route/route-options.ts'
import type { Serving } from './serve/serving.ts'

/** The wire formats that the gateway speaks. `openai` and `openai-compatible` are chat completions. */
export type ProviderKind = 'openai' | 'anthropic' | 'google' | 'openai-compatible'

/** One provider: where it is and how to speak to it. */
export interface ProviderOptions {
  readonly kind: ProviderKind
  /** Default: the environment variable of the kind. `openai-compatible` needs none. */
  readonly apiKey?: string
  /** Several keys instead: each is a target of its own, tried in this order unless a route says otherwise. */
  readonly keys?: readonly ProviderKey[]
  /** With the version in its path, for example `http://127.0.0.1:11434/v1`. `openai-compatible` needs one. */
  readonly baseURL?: string
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Connections at a time for each key. Default: as many as there are calls. */
  readonly maxSockets?: number
  /** Where it computes, for example `eu`. Routes may ask for regions, and prices may depend on it. */
  readonly region?: string
  /** Under which provider the price book knows its models. Default: the kind; for `openai-compatible` its own name. */
  readonly pricedAs?: string
}

/** One of several keys of a provider. */
export interface ProviderKey {
  /** Names it in books, limits and health: never the key itself. */
  readonly label: string
  readonly apiKey: string
}

/** A setting that a model does not take, or another remark of a provider adapter. */
export interface GatewayWarning {
  /** `provider:model`. */
  readonly model: string
  readonly message: string
}

/** How a gateway is made. Everything has a default. */
export interface GatewayOptions {
  /** By name. `openai`, `anthropic` and `google` exist without being named; naming one replaces it. */
  readonly providers?: Readonly<Record<string, ProviderOptions>>
  /** Short names, for example `{ fast: 'openai:gpt-6-luna' }`. An alias names a model, never another alias. */
  readonly aliases?: Readonly<Record<string, string>>
  /**
   * How long a call may wait for its answer: for all of it when nobody watches, for its beginning when it is streamed.
   * Default 120,000.
   */
  readonly timeoutMs?: number
  /** How long a stream that has begun may take to its first text, reasoning or tool call. Default 30,000. */
  readonly firstContentMs?: number
  /** How long a stream may be silent after that. Default 20,000. */
  readonly idleTimeoutMs?: number
  /** Names for several targets, with what happens when one of them fails. A route is asked for like an alias. */
  readonly routes?: Readonly<Record<string, RouteOptions>>
  /** Tries of a call after the first, over all its targets; 0 to 5, 3 unless said. Routes and calls may say otherwise. */
  readonly maxRetries?: number
  readonly retry?: RetryOptions
  /** Default: the price book that ships with this package. */
  readonly prices?: PriceListOptions
  /** The gate in front of calls. Default: no limits. */
  readonly limiter?: Limiter
  /** Where processes tell each other which targets are ill. Default: in the memory of this process. */
  readonly healthBoard?: HealthBoard
  /** A budget that has too little left for a whole answer grants a shorter one, but none below so many tokens. Default 256. */
  readonly usefulTokens?: number
  /** The response cache, and which calls share answers. */
  readonly cache?: CacheOptions
  /** How calls with `routing.canWait` become batches. */
  readonly waiting?: WaitOptions
  /** How embeddings of the same moment are put into one request. */
  readonly embeddings?: Partial<CollectOptions>
  /** Default: the machine's own clock and chance. */
  readonly machine?: Pick<Machine, 'random'> & { readonly scheduler: Pick<Scheduler, 'now' | 'elapsed' | 'after'> }
  /** Where keys and base URLs are looked up. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Replaces the transport, which is Node's HTTP client. The global `fetch` fits. Must honour the signal it is given. */
  readonly fetch?: typeof globalThis.fetch
  /**
   * Called when a provider adapter drops a setting that the model does not take, once for each model and setting.
   * Must not throw. Default: `process.emitWarning`.
   */
  readonly onWarning?: (warning: GatewayWarning) => void
}

/** The way to models. */
export interface Gateway extends Models, Serving {
  /** How the targets are that were called, by this process and by others that share the board. */
  health(): Promise<readonly TargetHealth[]>
  /**
   * Prices that hold from the next call on; calls under way are priced by those that they started with. Throws `price.*` or
   * `money.invalid` for a wrong override, and the old prices stay.
   */
  usePrices(prices: PriceListOptions): void
}
