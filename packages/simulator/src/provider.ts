import { badOption } from './failure.ts'
import type { Latency } from './latency.ts'
import { Limiter } from './limiter/limiter.ts'
import type { SimulatorLimit } from './limiter/limit.ts'
import { checkLimits } from './limiter/limit.ts'
import type { SimulatorRule } from './rules/rule.ts'
import { checkFaults, checkRules } from './rules/check-rules.ts'
import { scriptOf } from './rules/rules.ts'
import { withFaults } from './rules/with-faults.ts'
import type { SimulatorFault } from './rules/with-faults.ts'
import type { SimulatorScript } from './script.ts'
import type { RefusalReason } from './wire/wire.ts'

/** A key, and what becomes of requests that use it. */
export interface SimulatorKey {
  readonly key: string
  /** What the journal, rules and limits call it. Default: `…` and its last four characters. */
  readonly name?: string
  /** Every request with this key is refused with this status. */
  readonly refuse?: number
  readonly reason?: RefusalReason
}

/** One virtual provider. */
export interface SimulatorProvider {
  /** What it answers, as a function. Default: what `rules` say. */
  readonly script?: SimulatorScript
  /** What it answers, as data. Default: answers made from the seed. Not together with `script`. */
  readonly rules?: readonly SimulatorRule[]
  /** What breaks besides, by chance or at times. Default: nothing. */
  readonly faults?: readonly SimulatorFault[]
  /** How long answers take unless the script says otherwise. Default: no wait. */
  readonly latency?: Latency
  /** The keys that are accepted, the way each vendor sends them. Default: no key is asked for. */
  readonly apiKeys?: readonly (string | SimulatorKey)[]
  /** The models that exist; others are answered 404. Default: every name is a model. */
  readonly models?: readonly string[]
  /** Default: none. */
  readonly limits?: readonly SimulatorLimit[]
}

/** A virtual provider, checked and running. */
export interface Provider {
  readonly name: string
  readonly script: SimulatorScript
  readonly latency: Latency
  readonly keys: ReadonlyMap<string, SimulatorKey> | undefined
  readonly models: readonly string[] | undefined
  readonly limiter: Limiter
}

/** What all providers of a simulator share. */
export interface ProviderSettings {
  readonly seed: number
  readonly clock: () => number
  readonly startedAt: number
}

/** Checks and starts one; throws `simulator.bad_option`, naming the option. */
export function createProvider(name: string, options: SimulatorProvider, settings: ProviderSettings): Provider {
  const { script, rules, faults = [], latency = {}, apiKeys, models, limits = [] } = options
  const at = (field: string): string => (name === 'default' ? field : `providers.${name}.${field}`)
  if (script !== undefined && typeof script !== 'function') throw badOption(at('script'), 'a function of the request')
  if (script !== undefined && rules !== undefined) throw badOption(at('rules'), 'left out when there is a `script`')
  for (const [field, ms] of Object.entries(latency)) {
    if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0) {
      throw badOption(at(`latency.${field}`), 'milliseconds from 0 up')
    }
  }
  checkLimits(limits, at('limits'))
  checkRules(rules ?? [], at('rules'))
  checkFaults(faults, at('faults'))
  const { seed, clock, startedAt } = settings
  const played = { seed, elapsedMs: () => clock() - startedAt }
  const keys = apiKeys?.map((key): SimulatorKey => (typeof key === 'string' ? { key } : key))
  for (const [index, key] of (keys ?? []).entries()) {
    if (typeof key.key !== 'string' || key.key === '')
      throw badOption(at(`apiKeys[${index}]`), 'a key, or an object with one')
  }
  return {
    name,
    script: withFaults(script ?? scriptOf(rules ?? [], played), faults, played),
    latency,
    keys: keys === undefined ? undefined : new Map(keys.map((key) => [key.key, key])),
    models,
    limiter: new Limiter(name, limits, clock),
  }
}

/** What a key is called; a key never stands in the journal. */
export function keyName(provider: Provider, key: string | undefined): string | undefined {
  if (key === undefined) return undefined
  return provider.keys?.get(key)?.name ?? `…${key.slice(-4)}`
}
