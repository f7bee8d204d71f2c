// JSON Schema of data: enough of the 2020-12 dialect to describe inputs and outputs. A keyword that is not known is
// refused, because one that is not checked would be a promise nobody keeps. `pattern` is one of them: a pattern can take
// for ever, and schemas may come from a model.

import type { Json, JsonObject } from '../../base/json.ts'
import type { Issue, Schema } from '../../base/schema.ts'
import type { JsonSchema } from './graph-data.ts'
import { nearTo } from './near.ts'

const types = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'] as const
const schemaKeywords = new Set(['additionalProperties', 'items', 'not', 'propertyNames'])
const schemaLists = new Set(['anyOf', 'oneOf', 'allOf'])
const schemaMaps = new Set(['properties', '$defs'])
const counts = new Set(['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'])
const numbers = new Set(['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'])
const notes = new Set([
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'format',
  '$comment',
  '$schema',
  '$id',
])
const others = ['type', 'const', 'enum', 'required', 'uniqueItems', '$ref']

/** All keywords that are understood. */
export const jsonSchemaKeywords: readonly string[] = [
  ...others,
  ...schemaKeywords,
  ...schemaLists,
  ...schemaMaps,
  ...counts,
  ...numbers,
  ...notes,
].toSorted()

/** Deeper than any schema that somebody means. */
const maxDepth = 60

/** What is wrong with a JSON Schema, with the path in it. */
export function findSchemaProblems(schema: Json): readonly Issue[] {
  const issues: Issue[] = []
  walk(schema, [], 0)
  return issues

  function walk(part: Json | undefined, path: readonly (string | number)[], depth: number): void {
    if (typeof part === 'boolean') return
    if (depth > maxDepth) return wrong(path, `it is deeper than ${maxDepth} levels`)
    if (!isObject(part)) return wrong(path, 'a JSON Schema is an object, true or false')
    for (const [keyword, value] of Object.entries(part)) checkKeyword(keyword, value, [...path, keyword], depth)
  }

  function checkKeyword(
    keyword: string,
    value: Json | undefined,
    path: readonly (string | number)[],
    depth: number,
  ): void {
    if (schemaKeywords.has(keyword)) return walk(value, path, depth + 1)
    if (schemaLists.has(keyword)) {
      if (!Array.isArray(value) || value.length === 0) return wrong(path, 'expected a list of schemas')
      return value.forEach((each, at) => walk(each, [...path, at], depth + 1))
    }
    if (schemaMaps.has(keyword)) {
      if (!isObject(value)) return wrong(path, 'expected an object of schemas')
      return Object.entries(value).forEach(([key, each]) => walk(each, [...path, key], depth + 1))
    }
    const problem = problemOf(keyword, value, schema)
    if (problem !== undefined) wrong(path, problem)
  }

  function wrong(path: readonly (string | number)[], message: string): void {
    issues.push({ path, message })
  }
}

function problemOf(keyword: string, value: Json | undefined, root: Json): string | undefined {
  if (counts.has(keyword)) return Number.isInteger(value) && Number(value) >= 0 ? undefined : 'expected a whole number'
  if (numbers.has(keyword)) {
    const isGood = typeof value === 'number' && (keyword !== 'multipleOf' || value > 0)
    return isGood ? undefined : 'expected a number'
  }
  if (keyword === 'type') {
    const isGood = asList(value).every((each) => types.some((type) => type === each))
    return isGood ? undefined : `expected one of ${types.join(', ')}`
  }
  if (keyword === 'enum') return Array.isArray(value) && value.length > 0 ? undefined : 'expected a list of values'
  if (keyword === 'required') return isTexts(value) ? undefined : 'expected a list of names'
  if (keyword === 'uniqueItems') return typeof value === 'boolean' ? undefined : 'expected true or false'
  if (keyword === '$ref')
    return referenced(value, root) === undefined ? 'expected #/$defs/ and a name that is there' : undefined
  if (keyword === 'const' || notes.has(keyword)) return undefined
  return `there is no keyword ${keyword}${nearTo(keyword, jsonSchemaKeywords)}`
}

/** A schema of a checked JSON Schema. */
export function schemaOfJson(jsonSchema: JsonSchema): Schema<unknown> {
  return {
    safeParse: (value) => {
      const issues = checkJson(jsonSchema, value)
      return issues.length === 0 ? { success: true, data: value } : { success: false, error: { issues } }
    },
    toJSONSchema: () => (typeof jsonSchema === 'boolean' ? (jsonSchema ? {} : { not: {} }) : jsonSchema),
  }
}

/** More issues than anybody reads. */
const maxIssues = 20

/** What of a value is not as a checked JSON Schema says. */
export function checkJson(jsonSchema: JsonSchema, value: unknown): readonly Issue[] {
  const issues: Issue[] = []
  check(jsonSchema, value, [], 0, (issue) => void (issues.length < maxIssues && issues.push(issue)))
  return issues

  function fits(schema: JsonSchema, part: unknown, depth: number): boolean {
    let isFit = true
    check(schema, part, [], depth, () => void (isFit = false))
    return isFit
  }

  function check(
    schema: JsonSchema,
    part: unknown,
    path: readonly (string | number)[],
    depth: number,
    wrong: (issue: Issue) => void,
  ): void {
    const fail = (message: string): void => wrong({ path, message })
    if (schema === true) return
    if (schema === false) return fail('nothing is allowed here')
    // References may lead in a circle: a value of finite depth ends all that are not empty.
    if (depth > 500) return fail('it is too deep')
    const { $ref, type, enum: allowed, anyOf, oneOf, allOf, not } = schema
    if ($ref !== undefined) check(referenced($ref, jsonSchema)!, part, path, depth + 1, wrong)
    if (type !== undefined && !asList(type).some((each) => isOfType(each, part))) {
      return fail(`expected ${asList(type).map(String).join(' or ')}`)
    }
    if (schema['const'] !== undefined && !isEqual(schema['const'], part))
      fail(`expected ${JSON.stringify(schema['const'])}`)
    if (Array.isArray(allowed) && !allowed.some((each) => isEqual(each, part))) {
      fail(`expected one of ${allowed.map((each) => JSON.stringify(each)).join(', ')}`)
    }
    for (const each of schemasOf(allOf)) check(each, part, path, depth + 1, wrong)
    if (anyOf !== undefined) checkAny(schemasOf(anyOf))
    if (oneOf !== undefined) {
      const count = schemasOf(oneOf).filter((each) => fits(each, part, depth + 1)).length
      if (count !== 1) fail(`it fits ${count} of the ${schemasOf(oneOf).length} forms and has to fit one`)
    }
    // A checked schema: `not` is one.
    if (not !== undefined && fits(not as JsonSchema, part, depth + 1)) fail('it is of a form that is not allowed')
    if (typeof part === 'string') sized(schema, charactersOf(part), 'Length', 'characters', fail)
    if (typeof part === 'number') bounded(schema, part, fail)
    if (Array.isArray(part)) checkItems(schema, part)
    if (isObject(part)) checkProperties(schema, part)

    /** Where one form is meant, what is wrong with it says more than that none fits. */
    function checkAny(forms: readonly JsonSchema[]): void {
      if (forms.some((each) => fits(each, part, depth + 1))) return
      const meant = forms.filter(
        (each) =>
          isObject(each) && (each['type'] === undefined || asList(each['type']).some((name) => isOfType(name, part))),
      )
      if (meant.length === 1) check(meant[0]!, part, path, depth + 1, wrong)
      else fail(`it fits none of the ${forms.length} forms`)
    }

    function checkItems({ items, uniqueItems }: JsonObject, list: readonly unknown[]): void {
      sized(schema as JsonObject, list.length, 'Items', 'items', fail)
      // A checked schema: `items` is one.
      if (items !== undefined)
        list.forEach((item, at) => check(items as JsonSchema, item, [...path, at], depth + 1, wrong))
      const isDouble = (item: unknown, at: number): boolean => list.slice(0, at).some((other) => isEqual(other, item))
      if (uniqueItems === true && list.some(isDouble)) fail('it has an item twice')
    }

    function checkProperties(
      { properties = {}, required, additionalProperties, propertyNames }: JsonObject,
      object: JsonObject,
    ): void {
      sized(schema as JsonObject, Object.keys(object).length, 'Properties', 'properties', fail)
      // A checked schema: `properties` holds schemas, and `required` names.
      const known = properties as Readonly<Record<string, JsonSchema>>
      for (const name of asList(required).map(String))
        if (!Object.hasOwn(object, name) || object[name] === undefined) fail(`${name} is missing`)
      for (const [key, item] of Object.entries(object)) {
        if (item === undefined) continue
        if (propertyNames !== undefined) check(propertyNames as JsonSchema, key, [...path, key], depth + 1, wrong)
        const own = Object.hasOwn(known, key) ? known[key] : undefined
        if (own !== undefined) check(own, item, [...path, key], depth + 1, wrong)
        else if (additionalProperties === false) fail(`there is no ${key} here${nearTo(key, Object.keys(known))}`)
        else if (additionalProperties !== undefined)
          check(additionalProperties as JsonSchema, item, [...path, key], depth + 1, wrong)
      }
    }
  }
}

/** Pairs of surrogates are one character, as JSON Schema counts. */
function charactersOf(text: string): number {
  let count = 0
  for (const _character of text) count++
  return count
}

function sized(
  schema: JsonObject,
  size: number,
  of: 'Length' | 'Items' | 'Properties',
  what: string,
  fail: (message: string) => void,
): void {
  const { [`min${of}`]: least, [`max${of}`]: most } = schema
  if (typeof least === 'number' && size < least) fail(`expected at least ${least} ${what}`)
  if (typeof most === 'number' && size > most) fail(`expected at most ${most} ${what}`)
}

function bounded(schema: JsonObject, value: number, fail: (message: string) => void): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  if (typeof minimum === 'number' && value < minimum) fail(`expected ${minimum} or more`)
  if (typeof maximum === 'number' && value > maximum) fail(`expected ${maximum} or less`)
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) fail(`expected more than ${exclusiveMinimum}`)
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) fail(`expected less than ${exclusiveMaximum}`)
  if (typeof multipleOf === 'number' && !Number.isInteger(value / multipleOf))
    fail(`expected a multiple of ${multipleOf}`)
}

function isOfType(type: unknown, value: unknown): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isObject(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => isEqual(item, b[at]))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
}

/** What a `$ref` of this document means. */
export function referenced(reference: Json | undefined, root: Json): JsonSchema | undefined {
  if (typeof reference !== 'string' || !isObject(root) || !isObject(root['$defs'])) return undefined
  const name = /^#\/\$defs\/(.+)$/.exec(reference)?.[1]
  const found = name !== undefined && Object.hasOwn(root['$defs'], name) ? root['$defs'][name] : undefined
  // The check of the schema looks at everything in `$defs`.
  return found as JsonSchema | undefined
}

/** A list as it is, one value as a list of it, nothing as none. */
export function asList(value: Json | undefined): readonly Json[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value as Json]
}

/** The list of a checked keyword. */
function schemasOf(value: Json | undefined): readonly JsonSchema[] {
  return asList(value) as readonly JsonSchema[]
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

/** An object of JSON. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
