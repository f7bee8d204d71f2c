import type { Json, JsonObject } from '@meepo/core'

/** Whether OpenAI's strict mode takes the schema: every object is closed and needs all its properties. */
export function isStrictSchema(schema: JsonObject): boolean {
  return isStrict(schema)
}

function isStrict(node: Json | undefined): boolean {
  if (Array.isArray(node)) return node.every(isStrict)
  if (typeof node !== 'object' || node === null) return true
  // The check above told arrays from objects; the type of readonly arrays hides it.
  const schema = node as JsonObject
  if (schema['type'] === 'object' || schema['properties'] !== undefined) {
    const required = Array.isArray(schema['required']) ? schema['required'] : []
    const properties = Object.keys((schema['properties'] ?? {}) as JsonObject)
    if (schema['additionalProperties'] !== false || !properties.every((name) => required.includes(name))) return false
  }
  return Object.entries(schema).every(([key, value]) => key === 'enum' || key === 'const' || isStrict(value))
}
