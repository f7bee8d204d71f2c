import { MeepoError, type Model } from '@meepo/core'

import { callTarget } from './call.ts'
import type { Gateway, GatewayOptions } from './options.ts'
import { builtIn, createProvider, type Provider } from './provider.ts'
import type { Target } from './target.ts'
import { createWarner } from './warnings.ts'

/**
 * Makes the way to models. Options are checked here (`config.invalid`); a provider's package is loaded and its key asked
 * for when one of its models is first called.
 *
 * @example
 * const gateway = createGateway({ aliases: { fast: 'openai:gpt-6-luna' } })
 * const answer = await gateway.resolve('fast').call({ messages }, { signal, attemptId, idempotencyKey })
 */
export function createGateway(options: GatewayOptions = {}): Gateway {
  const { env = process.env, fetch, aliases = {} } = options
  const limits = {
    timeoutMs: checkMs('timeoutMs', options.timeoutMs ?? 120_000),
    idleTimeoutMs: checkMs('idleTimeoutMs', options.idleTimeoutMs ?? 60_000),
  }
  const providers = new Map<string, Provider>()
  for (const [name, given] of Object.entries({ ...builtIn, ...options.providers })) {
    providers.set(name, createProvider(name, given, { env, fetch }))
  }
  const targets = new Map<string, Target>()
  for (const [alias, name] of Object.entries(aliases)) targets.set(alias, aliasTarget(alias, name, providers))
  const warn = createWarner(options.onWarning)
  const models = new Map<string, Model>()

  return {
    resolve(name) {
      const known = models.get(name)
      if (known) return known
      const target = targets.get(name) ?? findTarget(name, providers, Object.keys(aliases))
      const model: Model = {
        id: target.id,
        call: (request, call) => callTarget(target, request, call, { ...limits, warn }),
      }
      models.set(name, model)
      return model
    },
  }
}

/** Only the first colon separates: names of local models have colons of their own. */
function findTarget(name: string, providers: ReadonlyMap<string, Provider>, aliases: readonly string[]): Target {
  const colon = name.indexOf(':')
  const provider = providers.get(name.slice(0, Math.max(0, colon)))
  const model = name.slice(colon + 1)
  if (colon < 1 || model === '') {
    throw unknown(`"${name}" is neither provider:model nor an alias${list('aliases', aliases)}`)
  }
  if (!provider) throw unknown(`"${name}" names an unknown provider${list('providers', [...providers.keys()])}`)
  // The adapter's object for a model is kept: making it anew for every call is the largest avoidable cost.
  let loading: ReturnType<Target['load']> | undefined
  return {
    id: name,
    provider: provider.name,
    kind: provider.kind,
    model,
    secret: provider.secret,
    load() {
      loading ??= provider.load(model).catch((error: unknown) => {
        loading = undefined
        throw error
      })
      return loading
    },
  }
}

function aliasTarget(alias: string, name: string, providers: ReadonlyMap<string, Provider>): Target {
  if (alias === '' || alias.includes(':')) {
    throw new MeepoError('config.invalid', `gateway: an alias is not empty and has no colon, but "${alias}" is or has`)
  }
  try {
    return findTarget(name, providers, [])
  } catch (cause) {
    throw new MeepoError('config.invalid', `gateway: aliases.${alias} does not name a model`, { cause })
  }
}

function checkMs(place: string, ms: number): number {
  // Node's timers take no more and fire at once instead.
  if (ms >= 1 && ms <= 2_147_483_647) return ms
  throw new MeepoError('config.invalid', `gateway: ${place} must be milliseconds from 1 to 2147483647`)
}

function unknown(message: string): MeepoError {
  return new MeepoError('model.unknown_name', message, { notSent: true })
}

function list(what: string, names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${what}: ${names.join(', ')})`
}
