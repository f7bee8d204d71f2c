import { MeepoError } from './errors.ts'
import type { Json } from './json.ts'

/** A value as the log will hold it. */
export interface JsonCopy {
  /** Nobody else holds it. */
  readonly value: Json
  /** The original is JSON to the letter: reading it and reading the log give the same. */
  readonly isFaithful: boolean
  /** About how long its JSON text is, in UTF-16 units. */
  readonly size: number
}

/**
 * Copies a value the way JSON text would carry it: `toJSON` is honoured, undefined fields vanish. Throws
 * `json.invalid` for what JSON would bend silently: functions, symbols, bigint, NaN, Infinity, cycles,
 * undefined in arrays, maps and sets. Several times faster than writing and parsing text.
 */
export function copyJson(value: unknown): JsonCopy {
  const walk: Walk = { isFaithful: value !== undefined, size: 0, depth: 0 }
  const copy = value === undefined ? null : copyValue(value, walk)
  return { value: copy, isFaithful: walk.isFaithful, size: walk.size }
}

interface Walk {
  isFaithful: boolean
  size: number
  depth: number
}

/** Deeper values are cycles, or would overflow the stack of whoever reads them. */
const maxDepth = 500

function copyValue(value: unknown, walk: Walk): Json {
  switch (typeof value) {
    case 'string':
      walk.size += value.length + 3
      return value
    case 'boolean':
      walk.size += 6
      return value
    case 'number':
      walk.size += 9
      if (!Number.isFinite(value)) throw invalid(String(value))
      // JSON has no negative zero.
      if (Object.is(value, -0)) {
        walk.isFaithful = false
        return 0
      }
      return value
    case 'object':
      return value === null ? null : copyObject(value, walk)
    default:
      throw invalid(`a ${typeof value}`)
  }
}

function copyObject(value: object, walk: Walk): Json {
  if (++walk.depth > maxDepth) throw invalid('a cycle, or nested deeper than 500')
  walk.size += 2
  const copy = Array.isArray(value) ? copyArray(value, walk) : copyFields(value, walk)
  walk.depth--
  return copy
}

function copyArray(value: readonly unknown[], walk: Walk): Json {
  const copy: Json[] = []
  for (let index = 0; index < value.length; index++) {
    if (value[index] === undefined) throw invalid('undefined in an array')
    copy.push(copyValue(value[index], walk))
  }
  return copy
}

function copyFields(value: object, walk: Walk): Json {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    walk.isFaithful = false
    if ('toJSON' in value && typeof value.toJSON === 'function') return copyValue(value.toJSON(), walk)
    if (value instanceof Map || value instanceof Set) throw invalid('a Map or a Set')
  }
  const copy: { [key: string]: Json } = {}
  for (const key of Object.keys(value)) {
    // Object.keys gave the key: the field exists.
    const item: unknown = (value as Record<string, unknown>)[key]
    if (item === undefined) {
      walk.isFaithful = false
      continue
    }
    walk.size += key.length + 4
    const copied = copyValue(item, walk)
    if (key === '__proto__') Object.defineProperty(copy, key, { value: copied, enumerable: true, writable: true, configurable: true })
    else copy[key] = copied
  }
  return copy
}

function invalid(what: string): MeepoError {
  return new MeepoError('json.invalid', `the value is or holds ${what}, which JSON cannot carry`)
}
