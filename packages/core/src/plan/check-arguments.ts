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
    .error!.issues.filter(({ path }) => findReferences(at(input, path)).length === 0)
    .map(
      ({ path, message }) => `the input of ${worker.name}${path.length > 0 ? ` at ${path.join('.')}` : ''}: ${message}`,
    )
}

/** Names that the schema does not have, unless it takes any. */
function unknownNames(properties: Json | undefined, additional: Json | undefined, input: Json): readonly string[] {
  if (typeof properties !== 'object' || properties === null) return []
  if (additional !== undefined && additional !== false) return []
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return []
  if (isWholeReference(input)) return []
  return Object.keys(input).filter((name) => !Object.hasOwn(properties, name))
}

function isWholeReference(input: object): boolean {
  const [first] = findReferences(input)
  return first === input
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    // Looked up just now.
    found = (found as Readonly<Record<PropertyKey, unknown>>)[key]
  }
  return found
}
