import { toJSONSchema } from 'zod'
import type { JsonObject } from '../base/json.ts'
import type { Schema } from '../base/schema.ts'

/** The JSON Schema of what a model has to write so that `schema` accepts it. Throws for what JSON cannot express. */
export function jsonSchemaOf(schema: Schema<unknown>): JsonObject {
  const { $schema: _dialect, '~standard': _standard, ...rest } = toJSONSchema(schema, { io: 'input' })
  // A JSON Schema is plain JSON by definition; its type in zod also allows undefined fields, as ours does.
  return rest as JsonObject
}
