import { MeepoError } from './errors.ts'

/** Anything that can reach the log. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
/** An object of the log. */
export interface JsonObject {
  readonly [key: string]: Json | undefined
}

/**
 * JSON text with sorted keys: equal values give equal text. Throws `json.invalid` for what JSON would
 * drop or bend silently (functions, bigint, NaN, Infinity, cycles, undefined in arrays).
 */
export function canonicalJson(value: unknown): string {
  return write(value, [], '$')
}

function write(value: unknown, path: object[], at: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalid(at, String(value))
    return JSON.stringify(value)
  }
  if (typeof value !== 'object') throw invalid(at, typeof value)
  if (path.includes(value)) throw invalid(at, 'a cycle')
  if ('toJSON' in value && typeof value.toJSON === 'function') return write(value.toJSON(), path, at)
  path.push(value)
  const text = Array.isArray(value) ? writeArray(value, path, at) : writeObject(value, path, at)
  path.pop()
  return text
}

function writeArray(value: readonly unknown[], path: object[], at: string): string {
  return `[${value.map((item, index) => write(item, path, `${at}[${index}]`)).join(',')}]`
}

function writeObject(value: object, path: object[], at: string): string {
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${write(item, path, `${at}.${key}`)}`)
  return `{${entries.join(',')}}`
}

function invalid(at: string, what: string): MeepoError {
  return new MeepoError('json.invalid', `${at} is ${what}, which JSON cannot hold`, { details: { at } })
}
