import { expect, test } from 'vitest'
import { z } from 'zod'
import { createToolRegistry } from './registry.ts'
import { defineTool, type Tool, type ToolSettings } from './tool.ts'

function tool(name: string, description: string, more: Partial<ToolSettings<unknown, unknown>> = {}): Tool {
  return defineTool({ name, description, effect: 'read', input: z.object({ q: z.string() }), ...more, run: () => null })
}

const weather = tool('weather', 'Tells the forecast of a city.', { tags: ['travel', 'data'] })
const flights = tool('find_flights', 'Finds flights between cities, whatever the weather.', { tags: ['travel'] })
const book = tool('book_flight', 'Books a seat.', { effect: 'once', tags: ['travel', 'money'] })
const names = (tools: readonly Tool[]): readonly string[] => tools.map(({ name }) => name)

test('tools are found by words, names before tags before descriptions', () => {
  const registry = createToolRegistry([flights, weather, book])
  expect(names(registry.search({ text: 'weather' }))).toEqual(['weather', 'find_flights'])
  expect(names(registry.search({ text: 'flight' }))).toEqual(['book_flight', 'find_flights'])
  expect(names(registry.search({ text: 'money' }))).toEqual(['book_flight'])
  expect(names(registry.search({ text: 'flight nonsense' }))).toEqual([])
  expect(names(registry.search({ text: 'TRAV cit' }))).toEqual(['find_flights', 'weather'])
})

test('tags, effects and a limit narrow a search', () => {
  const registry = createToolRegistry([flights, weather, book, tool('bare', 'No tags.')])
  expect(names(registry.search({ tags: ['travel', 'data'] }))).toEqual(['weather'])
  expect(names(registry.search({ effect: 'once' }))).toEqual(['book_flight'])
  expect(names(registry.search({ limit: 2 }))).toEqual(['bare', 'book_flight'])
  expect(registry.search()).toHaveLength(4)
})

test('the version added last is meant unless another one is asked for', () => {
  const registry = createToolRegistry()
  const newer = tool('weather', 'Better.', { version: '2' })
  registry.add(weather, newer)
  expect(registry.versions('weather')).toEqual(['1', '2'])
  expect(registry.versions('none')).toEqual([])
  expect(registry.get('weather')).toBe(newer)
  expect(registry.get('weather', '1')).toBe(weather)
  expect(registry.search({ text: 'weather' })).toEqual([newer])
  expect(() => registry.get('weather', '3')).toThrow('there is no tool weather@3 in the registry')
  expect(() => registry.get('none')).toThrow('there is no tool none in the registry')
  expect(() => registry.add(newer)).toThrow('there is a tool weather@2 already')
})

test('a tool is described with its schemas and examples', () => {
  const examples = [{ arguments: { q: 'Oslo' }, result: 'rain' }]
  const registry = createToolRegistry([tool('a', 'Does.', { output: z.string(), examples, version: '3', tags: ['x'] })])
  expect(registry.describe('a')).toEqual({
    name: 'a',
    version: '3',
    description: 'Does.',
    effect: 'read',
    tags: ['x'],
    input: expect.objectContaining({ type: 'object', required: ['q'] }),
    output: { type: 'string' },
    examples,
  })
  expect(createToolRegistry([weather]).describe('weather')).not.toHaveProperty('output')
})

test('a tool whose schema no model could read is refused', () => {
  expect(() => createToolRegistry([tool('a', '', { output: z.date() })])).toThrow('the output of tool a')
})
