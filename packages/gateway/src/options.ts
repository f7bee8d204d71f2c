import type { Models } from '@meepo/core'

/** The wire formats that the gateway speaks. `openai` and `openai-compatible` are chat completions. */
export type ProviderKind = 'openai' | 'anthropic' | 'google' | 'openai-compatible'

/** One provider: where it is and how to speak to it. */
export interface ProviderOptions {
  readonly kind: ProviderKind
  /** Default: the environment variable of the kind. `openai-compatible` needs none. */
  readonly apiKey?: string
  /** With the version in its path, for example `http://127.0.0.1:11434/v1`. `openai-compatible` needs one. */
  readonly baseURL?: string
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
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
  /** How long a stream may be silent between two pieces. Default 60,000. */
  readonly idleTimeoutMs?: number
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
export type Gateway = Models
