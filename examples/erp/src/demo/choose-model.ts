import type { MeepoOptions } from 'meepo'

import { modelAlias } from '../platform/bind-roles.ts'
import { UsageError } from './options.ts'
import type { DemoOptions } from './options.ts'

/** Which model stands behind the alias of all agents. */
export type ModelChoice =
  | { readonly kind: 'offline' }
  | { readonly kind: 'real'; readonly label: string; readonly wiring: ModelWiring }

/** The part of the platform's options that is about models. */
export type ModelWiring = Pick<MeepoOptions, 'providers' | 'aliases' | 'fetch' | 'prices' | 'usefulTokens'>

/** What the report and the screen call the scripted model. */
export const offlineLabel = 'offline scripted model'

const openaiModel = 'openai:gpt-6-luna'

/** Decides by the command line first, then by the key and base URL in the environment. */
export function chooseModel(
  { model, baseUrl }: Pick<DemoOptions, 'model' | 'baseUrl'>,
  env: Readonly<Record<string, string | undefined>>,
): ModelChoice {
  if (model === 'offline') return { kind: 'offline' }
  // A base URL without a key is a local server; with a key the provider `openai` honours it by itself.
  const url = baseUrl ?? (env['OPENAI_API_KEY'] ? undefined : env['OPENAI_BASE_URL'] || undefined)
  if (url !== undefined) {
    if (model === undefined) throw new UsageError(`${url} needs --model NAME: the name that this server knows`)
    if (!URL.canParse(url)) throw new UsageError('--base-url takes a URL such as http://127.0.0.1:11434/v1')
    const name = model.replace(/^local:/, '')
    const key = env['OPENAI_API_KEY']
    return real(`local:${name}`, {
      local: { kind: 'openai-compatible', baseURL: url, ...(key ? { apiKey: key } : {}) },
    })
  }
  if (model !== undefined) {
    if (!model.includes(':')) throw new UsageError(`--model takes provider:model, found ${JSON.stringify(model)}`)
    return real(model)
  }
  return env['OPENAI_API_KEY'] ? real(openaiModel) : { kind: 'offline' }
}

/** The longest answer of an agent. A call is only made when all of it can be paid: half an answer is of no use. */
const longestAnswer = 2_048

/**
 * What the scripted model is said to cost, in dollars for a million tokens. Its provider bills by a table of its own,
 * `provider.json`: the two agree, and neither is made of the other.
 */
const scriptedPrice = {
  provider: 'offline',
  model: 'scripted',
  input: '0.50',
  output: '2.00',
  maxOutputTokens: longestAnswer,
} as const

/** The wiring for a running scripted model. */
export function offlineWiring(url: string): ModelWiring {
  return {
    providers: { offline: { kind: 'openai-compatible', baseURL: `${url}/v1` } },
    aliases: { [modelAlias]: 'offline:scripted' },
    prices: { overrides: [scriptedPrice] },
    usefulTokens: longestAnswer,
  }
}

function real(name: string, providers: ModelWiring['providers'] = {}): ModelChoice {
  return {
    kind: 'real',
    label: name,
    wiring: { providers, aliases: { [modelAlias]: name }, usefulTokens: longestAnswer },
  }
}
