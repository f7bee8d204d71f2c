import { MeepoError } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import type { Schema } from '../base/schema.ts'

/**
 * The JSON Schema of what a model has to write so that `schema` accepts it. Throws `definition.invalid`, naming
 * `what`, for a schema that JSON Schema cannot express, and for one that tells something else.
 */
export function jsonSchemaOf(schema: Schema<unknown>, what: string): JsonObject {
  let told: object
  try {
    told = schema.toJSONSchema({ io: 'input' })
  } catch (cause) {
    throw new MeepoError('definition.invalid', `${what} cannot be shown to a model: ${String(cause)}`, { cause })
  }
  const problem = problemOf(told, '', new Set())
  if (problem !== undefined) throw new MeepoError('definition.invalid', `${what} is no JSON Schema: ${problem}`)
  // A JSON Schema is plain JSON by definition; the schema library adds its dialect and its own handle.
  const { $schema: _dialect, '~standard': _standard, ...rest } = told as JsonObject
  return rest
}

const types: readonly unknown[] = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']
/** Their values are schemas, by name or in a list. */
const holders = ['properties', '$defs', 'anyOf', 'oneOf', 'allOf', 'prefixItems'] as const

/** What a provider would refuse, as far as all agree on it. Unknown keywords are nobody's business. */
function problemOf(schema: unknown, at: string, seen: Set<unknown>): string | undefined {
  // Some parts may say yes or no to everything.
  if (seen.has(schema) || (seen.size > 0 && typeof schema === 'boolean')) return undefined
  if (!isRecord(schema)) return `${at === '' ? 'it' : at} is ${describe(schema)}, not a schema`
  seen.add(schema)
  const path = (key: string): string => (at === '' ? key : `${at}.${key}`)
  const { type, items, required } = schema
  const strange = (Array.isArray(type) ? type : [type]).find((one) => one !== undefined && !types.includes(one))
  if (strange !== undefined) return `${path('type')} is ${describe(strange)}, not one of ${types.join(', ')}`
  if (required !== undefined && !(Array.isArray(required) && required.every((one) => typeof one === 'string')))
    return `${path('required')} is no list of names`
  const parts: (readonly [string, unknown])[] = items === undefined ? [] : [['items', items]]
  for (const key of holders) {
    const held = schema[key]
    if (held === undefined) continue
    if (typeof held !== 'object' || held === null) return `${path(key)} holds no schemas`
    for (const [name, each] of Object.entries(held)) parts.push([`${key}.${name}`, each])
  }
  for (const [key, part] of parts) {
    const problem = problemOf(part, path(key), seen)
    if (problem !== undefined) return problem
  }
  return undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  return Array.isArray(value) ? 'a list' : String(value)
}
