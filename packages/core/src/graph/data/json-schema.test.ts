import { expect, test } from 'vitest'
import type { Json } from '../../base/json.ts'
import { checkJson, findSchemaProblems, schemaOfJson } from './json-schema.ts'
import type { JsonSchema } from './graph-data.ts'

const tree: JsonSchema = {
  $ref: '#/$defs/node',
  $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, additionalProperties: false } },
}

test.for<[JsonSchema, unknown, string[]]>([
  [true, 1, []],
  [false, 1, ['nothing is allowed here']],
  [{ type: 'string' }, 1, ['expected string']],
  [{ type: ['string', 'null'] }, null, []],
  [{ type: 'integer' }, 1.5, ['expected integer']],
  [{ type: 'array' }, {}, ['expected array']],
  [{ type: 'object' }, [], ['expected object']],
  [{ type: 'boolean' }, true, []],
  [{ const: { a: [1] } }, { a: [1] }, []],
  [{ const: { a: [1] } }, { a: [2] }, ['expected {"a":[1]}']],
  [{ const: [1] }, [1, 2], ['expected [1]']],
  [{ const: { a: 1 } }, { b: 1 }, ['expected {"a":1}']],
  [{ enum: ['a', 2] }, 'b', ['expected one of "a", 2']],
  [{ minLength: 2, maxLength: 3 }, '😀', ['expected at least 2 characters']],
  [{ maxLength: 3 }, 'abcd', ['expected at most 3 characters']],
  [{ minimum: 1, maximum: 2 }, 0, ['expected 1 or more']],
  [{ minimum: 1, maximum: 2 }, 3, ['expected 2 or less']],
  [{ exclusiveMinimum: 1 }, 1, ['expected more than 1']],
  [{ exclusiveMaximum: 1 }, 1, ['expected less than 1']],
  [{ multipleOf: 5 }, 7, ['expected a multiple of 5']],
  [
    { items: { type: 'string' }, minItems: 1, uniqueItems: true },
    ['a', 'a', 1],
    ['1 expected string', 'it has an item twice'].map((each) => each.replace('1 expected', '2: expected')),
  ],
  [{ minItems: 1 }, [], ['expected at least 1 items']],
  [{ properties: { a: { type: 'string' } }, required: ['a', 'b'] }, { a: 1 }, ['b is missing', 'a: expected string']],
  [{ properties: { able: true }, additionalProperties: false }, { abel: 1 }, ['there is no abel here; there is able']],
  [{ additionalProperties: { type: 'string' } }, { a: 1, b: undefined }, ['a: expected string']],
  [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, ['ab: expected at most 1 characters']],
  [{ minProperties: 1 }, {}, ['expected at least 1 properties']],
  [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, true, ['it fits none of the 2 forms']],
  [{ anyOf: [{ type: 'string' }, { type: 'object', required: ['a'] }] }, {}, ['a is missing']],
  [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, 1, []],
  [{ anyOf: [true, false] }, 1, []],
  [{ oneOf: [{ type: 'number' }, { minimum: 1 }] }, 2, ['it fits 2 of the 2 forms and has to fit one']],
  [{ allOf: [{ type: 'number' }, { minimum: 1 }] }, 0, ['expected 1 or more']],
  [{ not: { type: 'number' } }, 0, ['it is of a form that is not allowed']],
  [{ not: { type: 'number' } }, '', []],
  [tree, { next: { next: {} } }, []],
  [tree, { next: { next: { x: 1 } } }, ['next.next: there is no x here; there is next']],
  [{ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }, 1, ['it is too deep']],
  [
    { items: { type: 'string' } },
    Array.from({ length: 30 }, () => 1),
    Array.from({ length: 20 }, (_, at) => `${at}: expected string`),
  ],
])('%j of %j tells %j', ([schema, value, told]) => {
  const issues = checkJson(schema, value).map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  )
  expect(issues).toEqual(told)
  const { success, data } = schemaOfJson(schema).safeParse(value)
  expect([success, data]).toEqual(told.length === 0 ? [true, value] : [false, undefined])
})

test('a schema is shown as it is', () => {
  expect(schemaOfJson({ type: 'string' }).toJSONSchema({ io: 'input' })).toEqual({ type: 'string' })
  expect(schemaOfJson(true).toJSONSchema({ io: 'input' })).toEqual({})
  expect(schemaOfJson(false).toJSONSchema({ io: 'input' })).toEqual({ not: {} })
})

test('keywords that would not be checked, and values that mean nothing, are refused', () => {
  let deep: Json = true
  for (let level = 0; level < 80; level++) deep = { not: deep }
  const found = findSchemaProblems({
    type: 'strin',
    patern: '',
    pattern: '(a+)+',
    enum: [],
    required: 'a',
    uniqueItems: 1,
    minLength: -1,
    maximum: 'a',
    multipleOf: 0,
    anyOf: [],
    allOf: [3],
    properties: [],
    items: null,
    additionalProperties: { type: 7 },
    $ref: '#/other',
    title: 'fine',
    const: 1,
    not: deep,
  })
  expect(found.map(({ path, message }) => `${path.join('.').slice(0, 30)}: ${message}`)).toEqual([
    'type: expected one of null, boolean, integer, number, string, array, object',
    'patern: there is no keyword patern',
    'pattern: there is no keyword pattern',
    'enum: expected a list of values',
    'required: expected a list of names',
    'uniqueItems: expected true or false',
    'minLength: expected a whole number',
    'maximum: expected a number',
    'multipleOf: expected a number',
    'anyOf: expected a list of schemas',
    'allOf.0: a JSON Schema is an object, true or false',
    'properties: expected an object of schemas',
    'items: a JSON Schema is an object, true or false',
    'additionalProperties.type: expected one of null, boolean, integer, number, string, array, object',
    '$ref: expected #/$defs/ and a name that is there',
    'not.not.not.not.not.not.not.no: it is deeper than 60 levels',
  ])
  expect(
    findSchemaProblems({ $defs: { a: true }, $ref: '#/$defs/a', enum: [1], required: ['x'], uniqueItems: true }),
  ).toEqual([])
  expect(findSchemaProblems({ multipleOf: 2, minimum: 1 })).toEqual([])
  expect(findSchemaProblems({ $ref: '#/none', $defs: {} })).toHaveLength(1)
  expect(findSchemaProblems({ minItms: 1 })[0]?.message).toBe('there is no keyword minItms; did you mean minItems?')
})
