import { expect, test } from 'vitest'
import type { Json } from '../base/json.ts'
import { findReferences, resolveReferences } from './references.ts'

const result = { items: [{ id: 'x' }, { id: 'y' }], total: 2, none: null }

function resolve(value: Json): Json {
  return resolveReferences(value, () => result)
}

test('references are found wherever they are', () => {
  const args = { a: { $result: 'one' }, b: [{ c: { $result: 'two', path: 'x.y' } }, 3, 'text', null] }
  expect(findReferences(args)).toEqual([{ $result: 'one' }, { $result: 'two', path: 'x.y' }])
  expect(findReferences({ $result: 'all' })).toEqual([{ $result: 'all' }])
  expect(findReferences('text')).toEqual([])
  expect(findReferences(null)).toEqual([])
})

test('what only looks like a reference is data', () => {
  for (const data of [{ $result: 1 }, { $result: 'a', path: 1 }, { $result: 'a', more: 1 }])
    expect(findReferences(data)).toEqual([])
})

test('arguments that hold themselves are looked at once', () => {
  const round: Record<string, unknown> = { a: { $result: 'one' } }
  round['self'] = round
  round['again'] = [round, round]
  expect(findReferences(round)).toHaveLength(1)
})

test('a path leads into objects and lists', () => {
  expect(resolve({ $result: 'a' })).toEqual(result)
  expect(resolve({ id: { $result: 'a', path: 'items.1.id' }, n: 1, list: [{ $result: 'a', path: 'total' }] })).toEqual({
    id: 'y',
    n: 1,
    list: [2],
  })
  expect(resolve({ kept: { $result: 'a', path: 'none' }, gone: undefined })).toEqual({ kept: null })
  expect(resolve(null)).toBe(null)
  expect(resolve('text')).toBe('text')
})

test.each(['items.2', 'items.length', 'total.x', 'none.x', 'constructor'])('nothing is found at %s', (path) => {
  expect(() => resolve({ $result: 'a', path })).toThrow(`the result of a has nothing at "${path}"`)
})

test('a field that is called like a prototype stays a field', () => {
  const resolved = resolve(JSON.parse('{"__proto__": {"$result": "a", "path": "total"}}') as Json)
  expect(Object.keys(resolved as object)).toEqual(['__proto__'])
})

test('references are found in their order, however deep the arguments', () => {
  const deep = JSON.parse(`${'['.repeat(100_000)}{"$result":"a"}${']'.repeat(100_000)}`) as Json
  expect(findReferences([deep, { $result: 'b' }, { x: [{ $result: 'c' }] }]).map(({ $result }) => $result)).toEqual([
    'a',
    'b',
    'c',
  ])
})
