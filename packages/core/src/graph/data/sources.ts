import type { Json } from '../../base/json.ts'

const sources = new WeakMap<object, Json>()

/** The data that a condition or mapping was made of. */
export function sourceOf(made: object): Json | undefined {
  return sources.get(made)
}

/** Remembers what a condition or mapping was made of; returns it. */
export function madeOf<T extends object>(made: T, source: Json): T {
  sources.set(made, source)
  return made
}
