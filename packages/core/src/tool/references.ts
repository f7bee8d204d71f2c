import { MeepoError } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'

/**
 * Stands in the arguments of a call for the result of another call of the same turn: `$result` is its id, or the name of
 * its tool; `path` leads to a part of it (`items.0.id`).
 */
export interface ResultReference {
  readonly $result: string
  readonly path?: string
}

/** The references in the arguments of a call, each object looked at once. */
export function findReferences(value: unknown): readonly ResultReference[] {
  if (typeof value !== 'object' || value === null) return none
  // Most arguments are flat: nothing is made for them.
  if (isFlat(value)) return isReference(value) ? [value] : none
  const found: ResultReference[] = []
  const seen = new Set<object>()
  // No recursion: arguments may be nested deeper than the stack. What is looked at next stands last.
  const left: object[] = [value]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    if (isReference(next)) {
      found.push(next)
      continue
    }
    const items: readonly unknown[] = Object.values(next)
    for (let at = items.length - 1; at >= 0; at--) {
      const item = items[at]
      if (typeof item === 'object' && item !== null) left.push(item)
    }
  }
  return found
}

const none: readonly ResultReference[] = []

function isFlat(value: object): boolean {
  for (const item of Object.values(value)) if (typeof item === 'object' && item !== null) return false
  return true
}

function isReference(value: object): value is ResultReference {
  if (!('$result' in value) || typeof value.$result !== 'string') return false
  const isWhole = !('path' in value) || typeof value.path === 'string'
  return isWhole && Object.keys(value).every((key) => key === '$result' || key === 'path')
}

/** The arguments with results in the place of references. `resultOf` throws for what has none. */
export function resolveReferences(value: Json, resultOf: (reference: ResultReference) => Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (isReference(value)) return follow(resultOf(value), value)
  if (Array.isArray(value)) return value.map((item: Json) => resolveReferences(item, resultOf))
  const resolved = Object.entries(value as JsonObject).map(([key, item]) => [
    key,
    item === undefined ? item : resolveReferences(item, resultOf),
  ])
  // As `fromEntries` defines its fields, `__proto__` is one like any other.
  return Object.fromEntries(resolved) as JsonObject
}

function follow(result: Json, { $result, path = '' }: ResultReference): Json {
  let at: Json | undefined = result
  for (const key of path.split('.').filter((part) => part !== '')) {
    // Own fields only: arrays have no `length` for a model.
    at = typeof at === 'object' && at !== null && Object.keys(at).includes(key) ? (at as JsonObject)[key] : undefined
    if (at === undefined)
      throw new MeepoError('tool.missing_result', `the result of ${$result} has nothing at ${JSON.stringify(path)}`)
  }
  return at
}
