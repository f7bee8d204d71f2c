import type { ModelAbility, PricePeriod, Rates } from '@meepo/core'

/** A model as one source tells it. */
export interface SourceModel {
  readonly id: string
  readonly aliases: readonly string[]
  readonly periods: readonly PricePeriod[]
  readonly limits: { readonly contextTokens?: number; readonly maxOutputTokens?: number }
  readonly can: readonly ModelAbility[]
}

/** Dollars per million tokens as pico-dollars per token, exactly. */
export function perToken(dollars: number): number {
  const pico = Math.round(dollars * 1e6)
  if (Math.abs(pico - dollars * 1e6) > 1e-6) throw new Error(`$${dollars} per million tokens is too fine`)
  return pico
}

/** Leaves out what is undefined, because plain JSON has no such thing. */
export function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Exactly the fields that have a value.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

/** Every price of a set of rates by its path: `in.text`. */
export function flatten(rates: Rates): ReadonlyMap<string, number> {
  const flat = new Map<string, number>()
  for (const [side, group] of Object.entries(rates)) {
    for (const [kind, price] of Object.entries(group as Record<string, number>)) flat.set(`${side}.${kind}`, price)
  }
  return flat
}
