import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineTool, toolset } from './tool.ts'

const search = defineTool({
  name: 'search',
  description: 'Finds documents.',
  input: z.object({ query: z.string().describe('Words'), limit: z.number().default(10) }),
  effect: 'read',
  run: ({ query, limit }) => [query, limit],
})

test('the model sees the input as JSON Schema, where defaults may be left out', () => {
  expect(search.spec()).toEqual({
    name: 'search',
    description: 'Finds documents.',
    inputSchema: {
      type: 'object',
      properties: { query: { type: 'string', description: 'Words' }, limit: { type: 'number', default: 10 } },
      required: ['query'],
    },
  })
})

test('the JSON Schema is made once', () => {
  expect(search.spec()).toBe(search.spec())
})

test.each(['', 'two words', 'x'.repeat(65), 'a.b'])('a name no provider accepts is refused: %j', (name) => {
  expect(() => defineTool({ ...search, name })).toThrow(expect.objectContaining({ code: 'definition.invalid' }))
})

test('two tools of one name are refused', () => {
  expect(() => toolset([search, search])).toThrow(expect.objectContaining({ code: 'definition.invalid' }))
})

test('tools are found by name', () => {
  expect([...toolset([search]).keys()]).toEqual(['search'])
})

test('an input that JSON Schema cannot express is refused by name', () => {
  const older = defineTool({ name: 'older', description: '', input: z.date(), effect: 'read', run: () => null })
  expect(() => older.spec()).toThrow(/the input of tool older cannot be shown to a model/)
})
