import type { MeepoOptions } from 'meepo'

import { ExampleError } from './example-error.ts'

/** The model of all agents of the examples: an alias, so that they do not know what stands behind it. */
export const modelAlias = 'example'

/** What stands behind the alias. */
export type ModelChoice =
  | { readonly kind: 'offline'; readonly label: 'offline scripted model' }
  | { readonly kind: 'real'; readonly label: string; readonly wiring: ModelWiring }

/** The part of the platform's options that is about models. */
export type ModelWiring = Pick<MeepoOptions, 'providers' | 'aliases' | 'prices'>

/** A key in the environment chooses its provider; the first of these that is there. */
const byKey = [
  ['OPENAI_API_KEY', 'openai:gpt-6-luna'],
  ['ANTHROPIC_API_KEY', 'anthropic:claude-haiku-5-5'],
  ['GOOGLE_GENERATIVE_AI_API_KEY', 'google:gemini-3.8-flash'],
] as const

/**
 * Decides by `--model`, else by `MODEL`, else by the keys in the environment; without any of them the scripted model answers.
 * With `OPENAI_BASE_URL` and no key the model is one of that server.
 */
export function chooseModel(
  asked: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ModelChoice {
  const name = asked ?? (env['MODEL'] || undefined)
  if (name === 'offline') return { kind: 'offline', label: 'offline scripted model' }
  const url = env['OPENAI_API_KEY'] ? undefined : env['OPENAI_BASE_URL'] || undefined
  if (url !== undefined) {
    if (name === undefined) throw badModel(`${url} needs --model NAME: the name that this server knows`)
    return real(`local:${name}`, { local: { kind: 'openai-compatible', baseURL: url } })
  }
  if (name !== undefined) {
    if (!/^[\w-]+:./.test(name)) throw badModel(`--model takes provider:model, found ${JSON.stringify(name)}`)
    return real(name)
  }
  const found = byKey.find(([key]) => env[key])
  return found ? real(found[1]) : { kind: 'offline', label: 'offline scripted model' }
}

/** What the scripted model is said to cost, in dollars for a million tokens. */
const price = { provider: 'offline', model: 'scripted', input: '0.50', output: '2.00', maxOutputTokens: 4_096 } as const

/** What its provider bills: a table of its own, in pico-dollars for a token, so that the books have something to be compared with. */
export const invoicePrices = [{ model: 'scripted', rates: { input: 500_000, output: 2_000_000 } }] as const

/** The wiring for a scripted model that listens. */
export function offlineWiring(url: string): ModelWiring {
  return {
    providers: { offline: { kind: 'openai-compatible', baseURL: `${url}/v1` } },
    aliases: { [modelAlias]: 'offline:scripted' },
    prices: { overrides: [price] },
  }
}

function real(name: string, providers: ModelWiring['providers'] = {}): ModelChoice {
  return { kind: 'real', label: name, wiring: { providers, aliases: { [modelAlias]: name } } }
}

function badModel(message: string): ExampleError {
  return new ExampleError('example.bad_option', message, 'Leave it out for the offline scripted model.')
}
