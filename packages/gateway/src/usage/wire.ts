import type { UsageFlag } from '@meepo/core'

/** An object of the provider's own words, read field by field. */
export type Fields = Readonly<Record<string, unknown>>

/** Anything as an object that can be read by name. */
export function fields(value: unknown): Fields {
  // Any object may be read by name; what is found is checked where it is used.
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

/** Anything as a list. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text that says something. */
export function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Reads counts of tokens and remembers what was wrong with them. */
export class CountReader {
  readonly flags: Set<UsageFlag> = new Set()

  /** A whole number from zero up, by the first of the names that is there; anything else is replaced and flagged. */
  count(from: Fields, name: string, otherName?: string): number {
    const value = from[name] ?? (otherName === undefined ? undefined : from[otherName])
    if (value === undefined || value === null) return 0
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    this.flags.add('usage_invalid')
    // What is beyond reason stays so: the price calculator bounds it.
    return typeof value === 'number' && value > 0 ? Math.ceil(value) : 0
  }
}
