import type { ServiceTier } from './price-card.ts'

/** A class of service; `standard` has no entry of its own in a card. */
export type ServiceClass = 'standard' | ServiceTier

const words: ReadonlyMap<string, ServiceClass> = new Map([
  ['auto', 'standard'],
  ['default', 'standard'],
  ['standard', 'standard'],
  ['standard_only', 'standard'],
  ['on_demand', 'standard'],
  ['flex', 'flex'],
  ['on_demand_flex', 'flex'],
  ['priority', 'priority'],
  ['fast', 'priority'],
  ['on_demand_priority', 'priority'],
  ['batch', 'batch'],
])

/** The class of service by the words of all providers; `undefined` for a word that none of them documents. */
export function serviceClass(word: string): ServiceClass | undefined {
  return words.get(word.toLowerCase())
}

/**
 * The classes that may be billed for a request. A provider may serve less than was asked for, never more, but `auto` and
 * a word that nobody documents leave the choice to it.
 */
export function possibleClasses(requested: string | undefined): readonly ServiceClass[] {
  if (requested === undefined) return ['standard']
  const asked = serviceClass(requested)
  if (asked === 'batch') return ['batch']
  if (asked === undefined || requested.toLowerCase() === 'auto') return ['standard', 'flex', 'priority']
  return asked === 'standard' ? ['standard'] : ['standard', asked]
}
