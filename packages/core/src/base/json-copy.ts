import { MeepoError } from './errors.ts'
import type { Json, JsonObject } from './json.ts'

/** A value as the log will hold it. */
export interface JsonCopy {
  /** Nobody else holds it. */
  readonly value: Json
  /** About how long its JSON text is, in UTF-16 units. */
  readonly size: number
}

/** Deeper values are cycles, or would overflow the stack of whoever reads them. */
const maxDepth = 500

/**
 * Copies a value the way JSON text would carry it: `toJSON` is honoured, undefined fields vanish. Throws
 * `json.invalid` for what JSON would bend silently: functions, symbols, bigint, NaN, Infinity, cycles,
 * undefined in arrays, maps and sets. Several times faster than writing and parsing text.
 */
export function copyJson(value: unknown): JsonCopy {
  const size = { units: 0 }
  return { value: value === undefined ? null : copyValue(value, size, 0), size: size.units }
}

/** Levels that may be around a value which others wrote, wherever in a log it comes to stand. */
const levelsAround = 50

/**
 * Reads JSON that others wrote, such as models. Throws a `SyntaxError` for what is none, and `json.invalid` for what no log
 * could hold: values that are nested too deeply, and numbers like `1e999`.
 */
export function readJson(text: string): Json {
  return copyValue(JSON.parse(text), { units: 0 }, levelsAround)
}

/** Another copy of what already is JSON: what came out of the log, or of {@link copyJson}. */
export function cloneJson(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (isArray(value)) return value.map(cloneJson)
  const copy: { [key: string]: Json } = {}
  for (const key in value) {
    // The key was read off the value: the field exists.
    setField(copy, key, cloneJson(value[key]!))
  }
  return copy
}

/** `Array.isArray` does not know readonly arrays. */
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

interface Size {
  units: number
}

function copyValue(value: unknown, size: Size, depth: number): Json {
  switch (typeof value) {
    case 'string':
      size.units += value.length + 3
      return value
    case 'boolean':
      size.units += 6
      return value
    case 'number':
      size.units += 9
      if (!Number.isFinite(value)) throw invalid(String(value))
      // JSON has no negative zero.
      return value === 0 ? 0 : value
    case 'object':
      if (value === null) {
        size.units += 5
        return null
      }
      if (depth > maxDepth) throw invalid('a cycle, or nested too deeply')
      size.units += 2
      return Array.isArray(value) ? copyArray(value, size, depth) : copyFields(value, size, depth)
    default:
      throw invalid(`a ${typeof value}`)
  }
}

function copyArray(value: readonly unknown[], size: Size, depth: number): Json {
  const copy: Json[] = []
  for (let index = 0; index < value.length; index++) {
    if (value[index] === undefined) throw invalid('undefined in an array')
    copy.push(copyValue(value[index], size, depth + 1))
  }
  return copy
}

function copyFields(value: object, size: Size, depth: number): Json {
  if ('toJSON' in value && typeof value.toJSON === 'function') return copyValue(value.toJSON(), size, depth + 1)
  const isPlain = Object.getPrototypeOf(value) === Object.prototype
  if (!isPlain && (value instanceof Map || value instanceof Set)) throw invalid('a Map or a Set')
  // Spread takes the shape of the whole at once: half of the time and of the memory of adding field by field.
  const copy: Record<string, unknown> = { ...value }
  let isWhole = true
  // Unlike Object.keys this makes no array, which counts: every result passes here.
  for (const key in copy) {
    const item = copy[key]
    if (item === undefined) {
      isWhole = false
      continue
    }
    size.units += key.length + 4
    const copied = copyValue(item, size, depth + 1)
    // Not `===`: zero is no negative zero.
    if (!Object.is(copied, item)) setField(copy, key, copied)
  }
  if (isWhole && Object.getOwnPropertySymbols(copy).length === 0) return copy as JsonObject
  return withoutRest(copy)
}

/** The fields that JSON knows: nothing undefined, no symbols. */
function withoutRest(copy: Record<string, unknown>): JsonObject {
  const rest: Record<string, Json> = {}
  for (const key in copy) {
    const item = copy[key]
    // Its fields were copied: what is not undefined is JSON.
    if (item !== undefined) setField(rest, key, item as Json)
  }
  return rest
}

function setField(copy: Record<string, unknown>, key: string, value: Json): void {
  // Assigning this one key would set the prototype instead.
  if (key === '__proto__') Object.defineProperty(copy, key, { value, ...plainField })
  else copy[key] = value
}

const plainField = { enumerable: true, writable: true, configurable: true }

function invalid(what: string): MeepoError {
  return new MeepoError('json.invalid', `the value is or holds ${what}, which JSON cannot carry`)
}
