// Arguments of a task against what its tool or agent takes, before anything runs. Where an earlier result will stand,
// nothing is known yet: there only the name of the argument is checked, and the tool checks the value when it is called.

import type { Json } from '../base/json.ts'
import { findReferences } from '../tool/references.ts'
import type { Worker } from './workers.ts'

/** What is wrong with the arguments, a line each. */
export function problemsOfArguments(worker: Worker, input: Json): readonly string[] {
  const { inputSchema, takesText } = worker
  // Whatever is given is written out for it.
  if (takesText) return []
  const unknown = unknownNames(inputSchema['properties'], inputSchema['additionalProperties'], input)
  if (unknown.length > 0) {
    const names = Object.keys((inputSchema['properties'] ?? {}) as object)
    return unknown.map(
      (name) => `${worker.name} takes no ${JSON.stringify(name)}; it takes ${names.join(', ') || 'nothing'}`,
    )
  }
  const parsed = worker.input.safeParse(input)
  if (parsed.success) return []
  // Without success there is an error.
  return parsed
    .error!.issues.filter(({ path }) => !isUnknownYet(input, path))
    .map(
      ({ path, message }) => `the input of ${worker.name}${path.length > 0 ? ` at ${path.join('.')}` : ''}: ${message}`,
    )
}

/** Names that the schema does not have, unless it takes any. */
function unknownNames(properties: Json | undefined, additional: Json | undefined, input: Json): readonly string[] {
  if (typeof properties !== 'object' || properties === null) return []
  if (additional !== undefined && additional !== false) return []
  if (typeof input !== 'object' || input === null || Array.isArray(input) || isReference(input)) return []
  return Object.keys(input).filter((name) => !Object.hasOwn(properties, name))
}

function isReference(value: unknown): boolean {
  const [first] = findReferences(value)
  return first === value && first !== undefined
}

/** True for a place that a reference stands in, above or below. */
function isUnknownYet(input: Json, path: readonly PropertyKey[]): boolean {
  let at: unknown = input
  for (const key of path) {
    if (isReference(at)) return true
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false
    // Looked up just now.
    at = (at as Readonly<Record<PropertyKey, unknown>>)[key]
  }
  return findReferences(at).length > 0
}
