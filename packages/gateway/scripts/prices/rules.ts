// What decides when the sources disagree or are silent. Every entry says why; the importer fails without one.
import type { Ratio, ServiceTier } from '@meepo/core'

/** The source that is read from its tarball. */
export const piAi = {
  name: '@earendil-works/pi-ai',
  version: '1.5.2',
  integrity: 'sha512-2tWPSnV3qzfiDIY3aWluBag3vC++Vs+VsXt/UquSU5onPMohPih72FUhIhaqmDdMYubOgB3Byl9uF4Vk40JLvQ==',
  file: './sources/pi-ai.json',
} as const

/** The source that is installed. Its data carries no date: this is the day of its release. */
export const genai = { name: '@pydantic/genai-prices', version: '0.1.8', date: '2026-09-23' } as const

/** Providers of the book and their names in the sources. */
export const providers = [
  { name: 'openai', piAi: 'openai', genai: 'openai' },
  { name: 'anthropic', piAi: 'anthropic', genai: 'anthropic' },
  { name: 'google', piAi: 'google', genai: 'google' },
  { name: 'xai', piAi: 'xai', genai: 'x-ai' },
  { name: 'deepseek', piAi: 'deepseek', genai: 'deepseek' },
  { name: 'mistral', piAi: 'mistral', genai: 'mistral' },
  { name: 'groq', piAi: 'groq', genai: 'groq' },
  { name: 'cerebras', piAi: 'cerebras', genai: 'cerebras' },
  { name: 'moonshotai', piAi: 'moonshotai', genai: 'moonshotai' },
] as const

/** Models that only one source holds. What is neither here nor in both sources is not in the book. */
export const onlyIn: Readonly<Record<'pi-ai' | 'genai-prices', Readonly<Record<string, readonly string[]>>>> = {
  // Newer than the last release of genai-prices.
  'pi-ai': {
    openai: ['gpt-6.1-sol', 'gpt-6.1-terra', 'gpt-5.3-codex-spark', 'gpt-5.6-cyber', 'chat-latest'],
    anthropic: ['claude-haiku-5-5', 'claude-sonnet-5-5', 'claude-fable-5-2'],
    google: [
      'gemini-4-argon',
      'gemini-3.1-flash-lite-preview',
      'gemini-flash-latest',
      'gemini-flash-lite-latest',
      'gemini-pro-latest',
    ],
    xai: ['grok-4.7'],
    deepseek: ['deepseek-flash'],
    mistral: ['mistral-large-4', 'mistral-medium-2604'],
    groq: ['qwen/qwen3.6-27b', 'qwen/qwen3.8-27b'],
    cerebras: ['qwen-3.8-27b'],
    moonshotai: ['kimi-k3.1-pro', 'kimi-k3.1-pro-highspeed'],
  },
  // pi-ai holds only models that chat, and no retired ones.
  'genai-prices': {
    anthropic: ['claude-opus-4-0', 'claude-opus-4-1', 'claude-sonnet-4-0'],
    deepseek: ['deepseek-v4-flash'],
    xai: ['grok-4.20', 'grok-code-fast-1'],
    openai: [
      'gpt-realtime',
      'gpt-realtime-2',
      'gpt-realtime-mini',
      'gpt-audio',
      'gpt-audio-mini',
      'gpt-image-2',
      'text-embedding-3-large',
      'text-embedding-3-small',
      'text-embedding-ada-002',
    ],
    google: [
      'gemini-2.5-flash-image',
      'gemini-3-pro-image-preview',
      'gemini-3.1-flash-image-preview',
      'gemini-3-pro-preview',
      'gemini-embedding-001',
      'gemini-embedding-2',
    ],
    mistral: ['mistral-embed'],
  },
}

/** Models whose rates differ by more than 0.1 % between the sources, and who is believed. */
export const believed: Readonly<Record<string, { readonly source: 'pi-ai' | 'genai-prices'; readonly why: string }>> = {
  'anthropic/claude-sonnet-4-5': {
    source: 'genai-prices',
    why: 'pi-ai caps the window at 200,000 tokens and so has no use for the tier above it',
  },
  'deepseek/deepseek-v4-pro': {
    source: 'genai-prices',
    why: 'it holds the hours; pi-ai has the price of the dear ones only',
  },
  'mistral/labs-devstral-small-2512': { source: 'genai-prices', why: 'pi-ai says it is free: the dearer one is safe' },
  'mistral/mistral-large-latest': { source: 'pi-ai', why: 'the name moved to mistral-large-2512, on which both agree' },
  'mistral/mistral-small-latest': { source: 'pi-ai', why: 'the name moved to mistral-small-2603, on which both agree' },
  'groq/openai/gpt-oss-safeguard-20b': {
    source: 'pi-ai',
    why: 'genai-prices takes it for another name of gpt-oss-120b; its own row at OpenAI has the price of pi-ai',
  },
}

/** Classes of service, which no source holds, by the published price lists: batch and flex are half price. */
export interface ServiceRule {
  readonly provider: string
  readonly models: RegExp
  readonly tier: ServiceTier
  readonly factor: Ratio
  /** Cache reads are billed at the standard rate all the same. */
  readonly keepsReads?: boolean
}

const chatty = /^(?:gpt-[456]|o[134])(?!.*(?:chat-latest|audio|realtime|image))/
export const services: readonly ServiceRule[] = [
  { provider: 'openai', models: chatty, tier: 'batch', factor: [1, 2] },
  { provider: 'openai', models: /^text-embedding/, tier: 'batch', factor: [1, 2] },
  { provider: 'openai', models: /^(?:gpt-[56](?!.*(?:pro|chat-latest))|o3$|o4-mini)/, tier: 'flex', factor: [1, 2] },
  // Third-party tests and the price lists of these families say twice the standard price.
  { provider: 'openai', models: /^gpt-(?:5\.[456]|6)(?!.*(?:pro|nano))/, tier: 'priority', factor: [2, 1] },
  { provider: 'anthropic', models: /^claude/, tier: 'batch', factor: [1, 2] },
  {
    provider: 'google',
    models: /^gemini-(?!.*(?:image|live|embedding))/,
    tier: 'batch',
    factor: [1, 2],
    keepsReads: true,
  },
  { provider: 'google', models: /^gemini-(?!.*(?:image|live|embedding))/, tier: 'flex', factor: [1, 2] },
  { provider: 'xai', models: /^grok/, tier: 'batch', factor: [1, 2] },
]

/** Regions with a surcharge on every token. */
export const regions: readonly {
  readonly provider: string
  readonly models: RegExp
  readonly region: Readonly<Record<string, Ratio>>
}[] = [
  // `inference_geo`, since the models of generation 4.6.
  {
    provider: 'anthropic',
    models: /^claude-(?:(?:opus|sonnet)-(?:4-[6-9]|5)|haiku-5|fable)/,
    region: { us: [11, 10] },
  },
  // Hosts of a region, since gpt-5.4.
  { provider: 'openai', models: /^gpt-(?:5\.[456]|6)/, region: { us: [11, 10], eu: [11, 10] } },
]

/** A cache write that stays an hour costs twice the input; holds for every Anthropic row of genai-prices that has it. */
export const hourWrite = { provider: 'anthropic', factor: [2, 1] as Ratio }

/** Pieces, where genai-prices does not hold the model: $10 for 1,000 searches. */
export const searches: readonly { readonly provider: string; readonly models: RegExp; readonly pico: number }[] = [
  { provider: 'anthropic', models: /^claude/, pico: 10_000_000_000 },
  { provider: 'openai', models: /^gpt-6/, pico: 10_000_000_000 },
]

/** Names that the sources do not declare. */
export const aliases: Readonly<Record<string, readonly string[]>> = {
  'google/gemini-3-pro-image-preview': ['gemini-3-pro-image'],
}
