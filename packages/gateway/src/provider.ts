import type { EmbeddingModelV4, Experimental_BatchV4, LanguageModelV4 } from '@ai-sdk/provider'
import { MeepoError } from '@meepo/core'

import type { GatewayOptions, ProviderKey, ProviderKind, ProviderOptions } from './options.ts'

/** What a provider's package offers. */
interface Adapter {
  readonly language: (model: string) => LanguageModelV4
  /** Absent: it has no embeddings. */
  readonly embedding?: (model: string) => EmbeddingModelV4
  /** Absent: it has no batch API. */
  readonly batch?: () => Experimental_BatchV4<{ readonly text: string }>
}

/** One key of a provider, with connections of its own. */
export interface Credential {
  readonly label: string
  /** Loads the adapter package once, on the first call; a failed load is tried again by the next call. */
  readonly open: () => Promise<Adapter>
  /** The language model of the adapter. */
  readonly load: (model: string) => Promise<LanguageModelV4>
  readonly secret: () => string | undefined
}

/** A provider whose options were checked. */
export interface Provider extends Omit<Credential, 'label'> {
  readonly name: string
  readonly kind: ProviderKind
  /** Under which provider the price book knows its models. */
  readonly pricedAs: string
  readonly region: string | undefined
  /** All keys, in order; what the provider itself offers is that of the first. */
  readonly credentials: readonly [Credential, ...Credential[]]
}

/** The machine's part of the options. */
export type Surroundings = Required<Pick<GatewayOptions, 'env'>> & Pick<GatewayOptions, 'fetch'>

interface Settings {
  readonly name: string
  readonly apiKey: string | undefined
  readonly baseURL: string | undefined
  readonly headers: Record<string, string>
  readonly fetch: typeof globalThis.fetch
}

interface Kind {
  readonly keyVariable?: string
  readonly baseVariable?: string
  readonly defaultBase?: string
  /** The import stays in here: importing the gateway must not load four provider packages. */
  readonly open: (settings: Settings) => Promise<Adapter>
}

const kinds: Readonly<Record<ProviderKind, Kind>> = {
  openai: {
    keyVariable: 'OPENAI_API_KEY',
    baseVariable: 'OPENAI_BASE_URL',
    defaultBase: 'https://api.openai.com/v1',
    async open({ name: _name, ...settings }) {
      const { createOpenAI } = await import('@ai-sdk/openai')
      // Chat completions, not Responses: stop sequences and the seed exist only there.
      const provider = createOpenAI(settings)
      return {
        language: provider.chat,
        embedding: provider.embeddingModel,
        batch: provider.experimental_batch,
      }
    },
  },
  anthropic: {
    keyVariable: 'ANTHROPIC_API_KEY',
    baseVariable: 'ANTHROPIC_BASE_URL',
    defaultBase: 'https://api.anthropic.com/v1',
    async open({ name: _name, ...settings }) {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      const provider = createAnthropic(settings)
      return { language: provider.messages, batch: provider.experimental_batch }
    },
  },
  google: {
    keyVariable: 'GOOGLE_GENERATIVE_AI_API_KEY',
    async open({ name: _name, ...settings }) {
      const { createGoogle } = await import('@ai-sdk/google')
      const provider = createGoogle(settings)
      return { language: provider.chat, embedding: provider.embeddingModel, batch: provider.experimental_batch }
    },
  },
  'openai-compatible': {
    async open({ baseURL = '', ...settings }) {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      const provider = createOpenAICompatible({
        ...settings,
        baseURL,
        includeUsage: true,
        supportsStructuredOutputs: true,
      })
      return {
        language: (model) => provider.chatModel(model),
        embedding: (model) => provider.embeddingModel(model),
      }
    },
  },
}

/** Providers that exist without being named. */
export const builtIn: Readonly<Record<string, ProviderOptions>> = {
  openai: { kind: 'openai' },
  anthropic: { kind: 'anthropic' },
  google: { kind: 'google' },
}

/** Checks the options of one provider; throws `config.invalid`. Nothing is loaded and no key is asked for yet. */
export function createProvider(name: string, options: ProviderOptions, { env, fetch }: Surroundings): Provider {
  const place = `providers.${name}`
  if (name === '' || name.includes(':')) throw invalid('a provider name is not empty and has no colon')
  if (!Object.hasOwn(kinds, options.kind)) {
    throw invalid(`${place}.kind must be one of ${Object.keys(kinds).join(', ')}`)
  }
  const kind = kinds[options.kind]
  const variable = (key: string | undefined): string | undefined =>
    key === undefined ? undefined : env[key] || undefined
  const baseURL = options.baseURL ?? variable(kind.baseVariable) ?? kind.defaultBase
  if (baseURL !== undefined)
    checkBaseURL(baseURL, options.baseURL === undefined ? kind.baseVariable : `${place}.baseURL`)
  else if (options.kind === 'openai-compatible') throw invalid(`${place}.baseURL is missing`)

  const credential = (label: string, secret: () => string | undefined): Credential => {
    const open = once(async () => {
      const apiKey = secret()
      if (apiKey === undefined && kind.keyVariable !== undefined) throw missingKey(name, kind.keyVariable)
      const chosen = await transport(fetch, options.maxSockets)
      return await kind.open({ name, apiKey, baseURL, headers: { ...options.headers }, fetch: chosen })
    })
    return { label, secret, open, load: async (model) => (await open()).language(model) }
  }
  const [first, ...others] = checkKeys(place, options)
  const own = first
    ? credential(first.label, () => first.apiKey)
    : credential('default', () => options.apiKey || variable(kind.keyVariable))
  return {
    ...own,
    name,
    kind: options.kind,
    pricedAs: options.pricedAs ?? (options.kind === 'openai-compatible' ? name : options.kind),
    region: options.region,
    credentials: [own, ...others.map(({ label, apiKey }) => credential(label, () => apiKey))],
  }
}

/** Repeats what failed, and keeps what succeeded. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let working: Promise<T> | undefined
  return () =>
    (working ??= work().catch((error: unknown) => {
      working = undefined
      throw error
    }))
}

function checkKeys(place: string, { apiKey, keys = [] }: ProviderOptions): readonly ProviderKey[] {
  if (apiKey !== undefined && keys.length > 0) throw invalid(`${place} has both apiKey and keys: give one of them`)
  const labels = new Set<string>()
  for (const key of keys) {
    if (!/^[\w.-]{1,40}$/.test(key.label)) throw invalid(`${place}.keys: a label is 1 to 40 letters, digits, . _ -`)
    if (labels.has(key.label)) throw invalid(`${place}.keys has two labels ${key.label}`)
    if (key.apiKey === '') throw invalid(`${place}.keys.${key.label} is empty`)
    labels.add(key.label)
  }
  return keys
}

/** Loaded late for the same reason: TLS alone takes milliseconds. Each key has connections of its own. */
async function transport(given: GatewayOptions['fetch'], maxSockets?: number): Promise<typeof globalThis.fetch> {
  return given ?? (await import('./transport.ts')).createTransport({ maxSockets })
}

function checkBaseURL(text: string, place: string | undefined): void {
  // The text itself stays out of the message: it may hold a key.
  if (!URL.canParse(text)) throw invalid(`${place} is no URL`)
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid(`${place} must begin with http:// or https://`)
  if (url.username !== '' || url.password !== '')
    throw invalid(`${place} must not hold a password; use apiKey or headers`)
}

function missingKey(provider: string, variable: string): MeepoError {
  return new MeepoError(
    'model.unauthorized',
    `no key for the provider ${provider}: set ${variable}, or give providers.${provider}.apiKey`,
    { notSent: true, details: { provider, variable } },
  )
}

function invalid(message: string): MeepoError {
  return new MeepoError('config.invalid', `gateway: ${message}`)
}
