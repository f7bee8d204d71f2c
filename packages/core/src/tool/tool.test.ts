import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineTool, toolset, type Tool, type ToolOptions, type ToolSettings } from './tool.ts'

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

/** A tool whose schema tells this. */
function telling(told: unknown): unknown {
  const input = { safeParse: (data: unknown) => ({ success: true, data }), toJSONSchema: () => told as object }
  return defineTool({ name: 'odd', description: '', input, effect: 'read', run: () => null }).spec().inputSchema
}

test.each<[unknown, string]>([
  [[], 'it is a list, not a schema'],
  [null, 'it is null, not a schema'],
  [true, 'it is true, not a schema'],
  ['object', 'it is "object", not a schema'],
  [{ type: 'strin' }, 'type is "strin", not one of array, boolean, integer, null, number, object, string'],
  [{ type: ['string', 7] }, 'type is 7, not one of'],
  [{ properties: 'a' }, 'properties holds no schemas'],
  [{ properties: { a: 'string' } }, 'properties.a is "string", not a schema'],
  [{ properties: { a: { type: 'int' } } }, 'properties.a.type is "int"'],
  [{ items: [{}] }, 'items is a list, not a schema'],
  [{ anyOf: [{}, { type: 'x' }] }, 'anyOf.1.type is "x"'],
  [{ required: 'a' }, 'required is no list of names'],
  [{ properties: { a: { required: [1] } } }, 'properties.a.required is no list of names'],
])('an input that tells %j is refused: %s', (told, said) => {
  expect(() => telling(told)).toThrow(
    expect.objectContaining({
      code: 'definition.invalid',
      message: expect.stringContaining(`the input of tool odd is no JSON Schema: ${said}`) as unknown,
    }),
  )
})

test('what a JSON Schema may say is taken, without the dialect', () => {
  const deep: Record<string, unknown> = {}
  deep['items'] = deep
  const told = {
    type: ['object', 'null'],
    properties: { a: true, b: { anyOf: [{ type: 'string' }, false] }, c: { $ref: '#/$defs/d' } },
    $defs: { d: deep },
    required: ['a'],
    additionalProperties: false,
    'x-own': [1],
  }
  expect(telling({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...told })).toEqual(told)
})

test.each<[string, Partial<ToolSettings<unknown, unknown>> & { batch?: object; run?: undefined }]>([
  ['timeoutMs must be above 0', { timeoutMs: 0 }],
  ['idleTimeoutMs must be above 0', { idleTimeoutMs: Number.NaN }],
  ['breaker.openMs must be above 0', { breaker: { openMs: -1 } }],
  ['concurrency must be a whole number above 0', { concurrency: 0 }],
  ['breaker.failures must be a whole number above 0', { breaker: { failures: 1.5 } }],
  ['pools.gpu must be a whole number above 0', { pools: { gpu: 0 } }],
  ['batch.maxSize must be a whole number above 0', { run: undefined, batch: { maxSize: 0, maxWaitMs: 0 } }],
  ['batch.maxWaitMs must not be negative', { run: undefined, batch: { maxSize: 1, maxWaitMs: -1 } }],
  ['give it run or batch, one of them', { run: undefined }],
  ['only results of tools with effect read may be cached', { cacheMs: 1, effect: 'idempotent' }],
  ['cacheTags without cacheMs', { cacheTags: ['a'] }],
  ['calls with effect once are each meant: they cannot be coalesced', { coalesce: true, effect: 'once' }],
  ['price "much"', { price: 'much' }],
])('what makes no sense is refused: %s', (problem, wrong) => {
  const options = { ...search, ...wrong } as ToolOptions<unknown, unknown>
  expect(() => defineTool(options)).toThrow(`tool search: ${problem}`)
})

test('a price is an amount of dollars', () => {
  expect(defineTool({ ...search, price: '$0.002' })).toMatchObject({ price: '$0.002' })
})

test('tools that wait for each other are refused, named in their order', () => {
  const named = (name: string, ...after: string[]): Tool => defineTool({ ...search, name, after })
  const tools = [named('z'), named('a', 'b', 'z'), named('b', 'c', 'z'), named('c', 'none', 'a')]
  expect(() => toolset(tools)).toThrow('tools wait for each other: a after b after c after a')
  expect(() => toolset([named('self', 'self')])).toThrow('self after self')
  expect(toolset([named('a', 'b', 'c'), named('b', 'c'), named('c')]).size).toBe(3)
})
