import { MeepoError, parseDollars, type Pico } from '@meepo/core'

import type { Provider } from '../provider.ts'
import { checkRetry } from '../retry/check-retry.ts'
import { createTarget, type Target } from '../target.ts'
import type { RouteOptions, RouteTarget } from './route-options.ts'

/** How far down the ladder a target stands: as wanted, as good, or smaller. */
export type Rung = 'target' | 'equivalent' | 'smaller'

/** One target of a route. */
export interface Seat {
  readonly target: Target
  readonly rung: Rung
  readonly given: RouteTarget
}

/** A name that calls can go to. */
export interface Route {
  readonly name: string
  /** The first model: what the name stands for. */
  readonly id: string
  readonly seats: readonly Seat[]
  readonly options: Omit<RouteOptions, 'targets' | 'equivalents' | 'smaller'>
  readonly maxPico: Pico | undefined
}

/** Names resolve to the same route, and models to the same targets, for the life of the gateway. */
export class Routes {
  readonly #providers: ReadonlyMap<string, Provider>
  readonly #names: readonly string[]
  readonly #routes = new Map<string, Route>()
  readonly #targets = new Map<string, readonly Target[]>()

  /** Throws `config.invalid`. */
  constructor(
    providers: ReadonlyMap<string, Provider>,
    aliases: Readonly<Record<string, string>>,
    routes: Readonly<Record<string, RouteOptions>>,
  ) {
    this.#providers = providers
    this.#names = [...Object.keys(aliases), ...Object.keys(routes)]
    for (const [alias, model] of Object.entries(aliases)) {
      checkName('an alias', alias)
      this.#routes.set(alias, this.#make(`aliases.${alias}`, alias, { targets: [model] }))
    }
    for (const [name, given] of Object.entries(routes)) {
      checkName('a route', name)
      if (this.#routes.has(name)) throw invalid(`${name} is an alias and a route: give it one meaning`)
      this.#routes.set(name, this.#make(`routes.${name}`, name, given))
    }
  }

  /** Throws `model.unknown_name`. */
  find(name: string): Route {
    const known = this.#routes.get(name)
    if (known) return known
    const seats = this.#targetsOf(name).map((target): Seat => ({ target, rung: 'target', given: { model: name } }))
    const route: Route = { name, id: name, seats, options: {}, maxPico: undefined }
    this.#routes.set(name, route)
    return route
  }

  /** All targets that were ever named, for people. */
  known(): readonly Target[] {
    return [...this.#targets.values()].flat()
  }

  #make(place: string, name: string, given: RouteOptions): Route {
    const { targets, equivalents = [], smaller = [], ...options } = given
    if (!Array.isArray(targets) || targets.length === 0) throw invalid(`${place}.targets is empty`)
    checkOptions(place, options)
    const seats = [
      ...this.#seats(place, targets, 'target'),
      ...this.#seats(place, equivalents, 'equivalent'),
      ...this.#seats(place, smaller, 'smaller'),
    ]
    const maxPico = options.maxDollars === undefined ? undefined : parseDollars(options.maxDollars)
    return { name, id: seats[0]?.target.id ?? name, seats, options, maxPico }
  }

  #seats(place: string, entries: readonly (string | RouteTarget)[], rung: Rung): readonly Seat[] {
    return entries.flatMap((entry) => {
      const given: RouteTarget = typeof entry === 'string' ? { model: entry } : entry
      if (given.weight !== undefined && !(given.weight > 0 && given.weight < 1e9)) {
        throw invalid(`${place}: the weight of ${given.model} must be more than 0`)
      }
      const all = this.#declared(place, given.model)
      const wanted = given.keys
      for (const label of wanted ?? []) {
        if (all.every(({ key }) => key !== label)) throw invalid(`${place}: ${given.model} has no key ${label}`)
      }
      const chosen = wanted ? all.filter(({ key }) => wanted.includes(key)) : all
      return chosen.map((target): Seat => ({ target, rung, given }))
    })
  }

  #declared(place: string, model: string): readonly Target[] {
    try {
      return this.#targetsOf(model)
    } catch (cause) {
      throw new MeepoError('config.invalid', `gateway: ${place} does not name a model`, { cause })
    }
  }

  /** Only the first colon separates: names of local models have colons of their own. */
  #targetsOf(name: string): readonly Target[] {
    const known = this.#targets.get(name)
    if (known) return known
    const colon = name.indexOf(':')
    const provider = this.#providers.get(name.slice(0, Math.max(0, colon)))
    const model = name.slice(colon + 1)
    if (colon < 1 || model === '') {
      throw unknown(`"${name}" is neither provider:model nor an alias${list('aliases', this.#names)}`)
    }
    if (!provider) {
      throw unknown(`"${name}" names an unknown provider${list('providers', [...this.#providers.keys()])}`)
    }
    const targets = provider.credentials.map((credential) => createTarget(provider, model, credential))
    this.#targets.set(name, targets)
    return targets
  }
}

const strategies: readonly unknown[] = ['order', 'weighted', 'cheapest', 'fastest', 'quality']

function checkOptions(place: string, options: Route['options']): void {
  const { strategy = 'order', moderation = 'return', afterContent = 'fail' } = options
  if (typeof strategy !== 'function' && !strategies.includes(strategy)) {
    throw invalid(`${place}.strategy must be one of ${strategies.join(', ')}, or a function`)
  }
  if (!['return', 'fallback'].includes(moderation)) throw invalid(`${place}.moderation must be return or fallback`)
  if (!['fail', 'restart', 'continue'].includes(afterContent)) {
    throw invalid(`${place}.afterContent must be fail, restart or continue`)
  }
  checkRetry(place, options)
}

function checkName(what: string, name: string): void {
  if (name === '' || name.includes(':')) {
    throw invalid(`${what} is not empty and has no colon, but "${name}" is or has`)
  }
}

function invalid(message: string): MeepoError {
  return new MeepoError('config.invalid', `gateway: ${message}`)
}

function unknown(message: string): MeepoError {
  return new MeepoError('model.unknown_name', message, { notSent: true })
}

function list(what: string, names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${what}: ${names.join(', ')})`
}
