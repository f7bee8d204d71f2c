import { expect, test } from 'vitest'
import { cloneJson, copyJson, readJson } from './json-copy.ts'
import { canonicalJson, type Json } from './json.ts'

const invalid = expect.objectContaining({ code: 'json.invalid' })

/** Levels of arrays around nothing. */
function nested(levels: number): Json {
  let value: Json = []
  for (let level = 1; level < levels; level++) value = [value]
  return value
}

test('equal values have equal text, whatever the order of their fields', () => {
  expect(canonicalJson({ b: [1, 'x', null], a: true, c: undefined })).toBe('{"a":true,"b":[1,"x",null]}')
  expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}')
  expect(canonicalJson({ toJSON: 'a field like any other' })).toBe('{"toJSON":"a field like any other"}')
})

test('canonical text refuses what JSON would bend, and says where it is', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  expect(() => canonicalJson({ a: [1, Number.NaN] })).toThrow('$.a[1] is NaN')
  expect(() => canonicalJson(cycle)).toThrow('$.self is a cycle')
  expect(() => canonicalJson({ f: () => 1 })).toThrow(invalid)
  const shared = { x: 1 }
  expect(canonicalJson([shared, shared])).toBe('[{"x":1},{"x":1}]')
})

test('a copy refuses maps, sets and cycles, and takes what is nested 500 deep', () => {
  const cycle: unknown[] = []
  cycle.push(cycle)
  expect(() => copyJson({ seen: new Map() })).toThrow('a Map or a Set')
  expect(() => copyJson(new Set())).toThrow('a Map or a Set')
  expect(() => copyJson(cycle)).toThrow('a cycle')
  expect(copyJson(nested(501)).value).toEqual(nested(501))
  expect(() => copyJson(nested(502))).toThrow(invalid)
})

test('a field named __proto__ is a field in every copy', () => {
  const value = JSON.parse('{"__proto__":{"admin":true},"b":1}') as Json
  for (const copy of [copyJson(value).value, cloneJson(value)]) {
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"admin":true},"b":1}')
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  }
})

test('JSON of others is read as far as a log can hold it, with room around it', () => {
  expect(readJson('{"a":[1,-0,null],"__proto__":{"b":2}}')).toEqual(JSON.parse('{"a":[1,0,null],"__proto__":{"b":2}}'))
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
  expect(JSON.stringify(readJson(nested(400)))).toBe(nested(400))
  expect(copyJson({ held: { by: [readJson(nested(450))] } }).value).toEqual({ held: { by: [JSON.parse(nested(450))] } })
  for (const text of [nested(500), nested(100_000), '1e999', '{"a":-1e999}'])
    expect(() => readJson(text)).toThrow(expect.objectContaining({ code: 'json.invalid' }))
  expect(() => readJson('{')).toThrow(SyntaxError)
})
