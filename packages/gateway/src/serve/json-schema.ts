import type { Issue, Json, JsonObject, Schema } from '@meepo/core'

/**
 * A schema of a JSON Schema. Checks what models get wrong: types, required and unknown properties, enumerations and
 * elements; everything else is the provider's to enforce.
 */
export function schemaOfJson(jsonSchema: JsonObject): Schema<Json> {
  return {
    safeParse(value) {
      const issues: Issue[] = []
      check(jsonSchema, value, [], issues)
      // What has no issue was checked to be JSON: it was parsed from a text.
      return issues.length === 0 ? { success: true, data: value as Json } : { success: false, error: { issues } }
    },
    toJSONSchema: () => jsonSchema,
  }
}

/** Whether it is a schema with methods and not a JSON Schema. */
export function isSchema<T>(schema: Schema<T> | JsonObject): schema is Schema<T> {
  return typeof (schema as Partial<Schema<T>>).safeParse === 'function'
}

type Path = readonly PropertyKey[]

function check(schema: Json | undefined, value: unknown, path: Path, issues: Issue[]): void {
  if (!isObject(schema)) return
  const types = [schema['type'] ?? []].flat()
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) {
    issues.push({ path, message: `expected ${types.map(String).join(' or ')}` })
    return
  }
  const allowed = schema['const'] === undefined ? schema['enum'] : [schema['const']]
  if (Array.isArray(allowed) && !allowed.some((one) => JSON.stringify(one) === JSON.stringify(value))) {
    issues.push({ path, message: `expected one of ${JSON.stringify(allowed)}` })
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) check(schema['items'], item, [...path, index], issues)
  } else if (isObject(value)) checkProperties(schema, value, path, issues)
}

function checkProperties(schema: JsonObject, value: JsonObject, path: Path, issues: Issue[]): void {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  for (const name of Array.isArray(schema['required']) ? schema['required'] : []) {
    if (!Object.hasOwn(value, String(name))) issues.push({ path: [...path, String(name)], message: 'is missing' })
  }
  for (const [name, item] of Object.entries(value)) {
    if (Object.hasOwn(properties, name)) check(properties[name], item, [...path, name], issues)
    else if (schema['additionalProperties'] === false) issues.push({ path: [...path, name], message: 'is unknown' })
  }
}

function isOfType(type: Json, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
