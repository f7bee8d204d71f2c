// Whether a value of one schema can never be one of another. Conservative: silence means that nothing is sure.

import type { JsonObject } from '../../base/json.ts'
import type { JsonSchema } from '../data/graph-data.ts'
import { asList, checkJson, findSchemaProblems, isObject } from '../data/json-schema.ts'
import { resolve } from './static-shape.ts'

/** Deeper is not looked. */
const maxDepth = 20

/** Why what is given never fits what is wanted; undefined when it may. */
export function findMismatch(given: JsonSchema, wanted: JsonSchema): string | undefined {
  return mismatch(given, wanted, '', 0)

  function mismatch(left: JsonSchema, right: JsonSchema, at: string, depth: number): string | undefined {
    const from = resolve(left, given)
    const to = resolve(right, wanted)
    if (depth > maxDepth || !isObject(from) || !isObject(to)) return undefined
    const where = at === '' ? 'it' : at
    if ('const' in from) return constMismatch(from, to, where)
    const [has, wants] = [typesOf(from), typesOf(to)]
    if (has !== undefined && wants !== undefined && !has.some((type) => wants.some((other) => isBoth(type, other)))) {
      return `${where} is ${has.join(' or ')} and has to be ${wants.join(' or ')}`
    }
    return has?.join() === 'object' && wants?.join() === 'object' ? inObject(from, to, at, depth) : undefined
  }

  function constMismatch(from: JsonObject, to: JsonObject, where: string): string | undefined {
    // Schemas of libraries may have keywords that are not known here.
    if (findSchemaProblems(withDefinitions(to)).length > 0) return typeMismatch(from, to, where)
    const [issue] = checkJson(withDefinitions(to), from['const'])
    return (
      issue &&
      `${[where === 'it' ? '' : where, ...issue.path.map(String)].filter((part) => part !== '').join('.') || 'it'}: ${issue.message}`
    )
  }

  function typeMismatch(from: JsonObject, to: JsonObject, where: string): string | undefined {
    const wants = typesOf(to)
    if (wants === undefined || wants.some((type) => checkJson({ type }, from['const']).length === 0)) return undefined
    return `${where} is ${JSON.stringify(from['const'])?.slice(0, 40)} and has to be ${wants.join(' or ')}`
  }

  function withDefinitions(to: JsonObject): JsonObject {
    return isObject(wanted) && wanted['$defs'] !== undefined ? { ...to, $defs: wanted['$defs'] } : to
  }

  function inObject(from: JsonObject, to: JsonObject, at: string, depth: number): string | undefined {
    const [has, wants] = [propertiesOf(from), propertiesOf(to)]
    const isClosed = from['additionalProperties'] === false && isSimple(from)
    for (const name of asList(to['required']).map(String)) {
      if (isClosed && !Object.hasOwn(has, name)) return `${join(at, name)} is missing`
    }
    for (const [name, schema] of Object.entries(has)) {
      const right = Object.hasOwn(wants, name) ? wants[name] : undefined
      const isSure = asList(from['required']).includes(name)
      if (right === undefined && isSure && to['additionalProperties'] === false && isSimple(to))
        return `${join(at, name)} is not known there`
      if (right === undefined || !isSure) continue
      const found = mismatch(schema, right, join(at, name), depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
}

function join(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`
}

/** The types that a schema allows, as far as it says them itself. */
function typesOf(schema: JsonObject): readonly string[] | undefined {
  if (schema['type'] !== undefined) return asList(schema['type']).map(String)
  const forms = asList(schema['anyOf'] ?? schema['oneOf'])
  const types = forms.map((form) =>
    isObject(form) && form['type'] !== undefined ? asList(form['type']).map(String) : undefined,
  )
  return types.length > 0 && types.every((each) => each !== undefined) ? types.flat() : undefined
}

/** Whether a value can be of both types. A number may well be whole. */
function isBoth(a: string, b: string): boolean {
  const number = (type: string): boolean => type === 'number' || type === 'integer'
  return a === b || (number(a) && number(b))
}

function propertiesOf({ properties }: JsonObject): Readonly<Record<string, JsonSchema>> {
  // A schema: its properties hold schemas.
  return isObject(properties) ? (properties as Readonly<Record<string, JsonSchema>>) : {}
}

function isSimple(schema: JsonObject): boolean {
  return ['anyOf', 'oneOf', 'allOf', '$ref', 'patternProperties'].every((key) => schema[key] === undefined)
}
