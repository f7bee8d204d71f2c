import { MeepoError } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import type { Schema } from '../base/schema.ts'

/**
 * The JSON Schema of what a model has to write so that `schema` accepts it. Throws `definition.invalid`, naming
 * `what`, for a schema that JSON Schema cannot express.
 */
export function jsonSchemaOf(schema: Schema<unknown>, what: string): JsonObject {
  try {
    // A JSON Schema is plain JSON by definition; the schema library adds its dialect and its own handle.
    const { $schema: _dialect, '~standard': _standard, ...rest } = schema.toJSONSchema({ io: 'input' }) as JsonObject
    return rest
  } catch (cause) {
    throw new MeepoError('definition.invalid', `${what} cannot be shown to a model: ${String(cause)}`, { cause })
  }
}
