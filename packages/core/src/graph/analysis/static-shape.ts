// What can be told about a value before anything runs: a JSON Schema that it certainly fits, or nothing.

import type { Json, JsonObject } from '../../base/json.ts'
import type { CompiledExpression } from '../data/expression.ts'
import { compileExpression } from '../data/expression.ts'
import type { ExpressionScope } from '../data/cel.ts'
import type { JsonSchema, Mapping } from '../data/graph-data.ts'
import { asList, isObject, referenced } from '../data/json-schema.ts'

/** What is known about the names that expressions read. */
export interface KnownShapes {
  readonly input: JsonSchema | undefined
  /** Of the result of a task. */
  result(task: string): JsonSchema | undefined
}

/** A value that is read and certainly not there. */
export interface Missing {
  readonly missing: string
}

const typesOfCel: Readonly<Record<string, JsonSchema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int: { type: 'integer' },
  double: { type: 'number' },
  list: { type: 'array' },
  map: { type: 'object' },
  null: { type: 'null' },
}

/** The shape of what a mapping makes; `true` when nothing is known. Its expressions have been checked. */
export function shapeOfMapping(mapping: Mapping, scope: ExpressionScope, known: KnownShapes): JsonSchema | Missing {
  if (typeof mapping === 'string') return shapeOfText(mapping, scope, known)
  if (Array.isArray(mapping)) return { type: 'array' }
  if (!isObject(mapping)) return { const: mapping }
  const properties: Record<string, Json> = {}
  for (const [key, part] of Object.entries(mapping)) {
    // A mapping is JSON that was copied: nothing in it is undefined.
    const shape = shapeOfMapping(part as Json, scope, known)
    if (isMissing(shape)) return shape
    properties[key] = shape
  }
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

function shapeOfText(text: string, scope: ExpressionScope, known: KnownShapes): JsonSchema | Missing {
  if (!text.startsWith('=')) return { const: text }
  if (text.startsWith('==')) return { const: text.slice(1) }
  return shapeOfExpression(compileExpression(text.slice(1), scope), known)
}

/** The shape of what an expression gives. */
export function shapeOfExpression({ path, type }: CompiledExpression, known: KnownShapes): JsonSchema | Missing {
  if (path === undefined) return typesOfCel[type.replace(/<.*$/, '')] ?? true
  const [name, first, ...rest] = path
  if (name === 'input') return follow(known.input, first === undefined ? [] : [first, ...rest], 'input')
  if (name === 'results' && first !== undefined) return follow(known.result(first), rest, `results.${first}`)
  return true
}

/** The schema at a path of a value; a property that an object certainly has not is missing. */
function follow(schema: JsonSchema | undefined, path: readonly string[], at: string): JsonSchema | Missing {
  let here: JsonSchema = schema ?? true
  const root: JsonSchema = here
  let place = at
  for (const key of path) {
    here = resolve(here, root)
    if (typeof here === 'boolean') return true
    const { properties, additionalProperties } = here
    place = `${place}.${key}`
    const next = isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined
    if (next === undefined) return additionalProperties === false && isPlainObject(here) ? { missing: place } : true
    // A property of a schema is a schema.
    here = next as JsonSchema
  }
  here = resolve(here, root)
  return typeof here === 'object' && isObject(root) && root['$defs'] !== undefined
    ? { ...here, $defs: root['$defs'] }
    : here
}

/** A reference as what it means; one that leads nowhere says nothing. */
export function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let here = schema
  for (let steps = 0; steps < 20; steps++) {
    if (!isObject(here) || here['$ref'] === undefined) return here
    here = referenced(here['$ref'], root as Json) ?? true
  }
  return true
}

/** Nothing but the properties decides what is in it. */
function isPlainObject(schema: JsonObject): boolean {
  return (
    ['anyOf', 'oneOf', 'allOf', '$ref', 'patternProperties'].every((key) => schema[key] === undefined) &&
    asList(schema['type']).length === 1
  )
}

/** Tells a value that is not there from a shape. */
export function isMissing(shape: JsonSchema | Missing): shape is Missing {
  return (
    typeof shape === 'object' &&
    'missing' in shape &&
    typeof shape.missing === 'string' &&
    Object.keys(shape).length === 1
  )
}
