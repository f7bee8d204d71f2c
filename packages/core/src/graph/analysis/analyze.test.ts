import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { define } from '../../run/definition.ts'
import { defineTool } from '../../tool/tool.ts'
import { loadExpressions } from '../data/cel.ts'
import { graphFromData } from '../data/graph-from-data.ts'
import { defineGraph } from '../graph.ts'
import { task } from '../task.ts'
import { analyzeGraph } from './analyze.ts'
import { findMismatch } from './mismatch.ts'
import type { JsonSchema } from '../data/graph-data.ts'

beforeAll(() => loadExpressions())

const person = z.strictObject({ name: z.string(), age: z.number().optional(), tags: z.array(z.string()) })
const give = define({ name: 'give', input: z.unknown(), output: person, run: async () => ({ name: 'a', tags: ['b'] }) })
const text = define({ name: 'text', input: z.string(), run: async () => 1 })
const odd = define({
  name: 'odd',
  input: z.custom<string>(() => true),
  output: z.custom<string>(() => true),
  run: async () => '',
})
const named = defineTool({
  name: 'named',
  description: 'x',
  effect: 'read',
  input: z.object({ name: z.string() }),
  output: z.object({ ok: z.boolean() }),
  run: () => ({ ok: true }),
})
const registry = { definitions: [give, text, odd], tools: [named], functions: { id: async (value: unknown) => value } }

/** What it finds is what makes graphs be refused. */
const draft = { allowsMismatch: true }

function find(tasks: object, more: object = {}): string[] {
  const graph = graphFromData({ name: 'g', tasks: { give: { run: 'give' }, ...tasks }, ...more }, registry, draft)
  return analyzeGraph(graph).map(({ severity, kind, task: id, message }) => `${severity} ${kind} ${id}: ${message}`)
}

const needs = ['give']

test.for<[object, string | undefined]>([
  [{ run: 'text', needs, input: '=results.give.name' }, undefined],
  [{ run: 'text', needs, input: '=results.give' }, 'its input does not fit: it is object and has to be string'],
  [{ run: 'text', needs, input: '=results.give.tags' }, 'its input does not fit: it is array and has to be string'],
  [{ run: 'text', needs, input: '=results.give.nam' }, 'its input reads results.give.nam, which is not there'],
  [{ run: 'text', needs, input: '=results.give.name.first' }, undefined],
  [
    { run: 'text', needs, input: '=size(results.give.tags)' },
    'its input does not fit: it is integer and has to be string',
  ],
  [{ run: 'text', needs, input: '=results[input]' }, undefined],
  [{ run: 'text', needs, input: 7 }, 'its input does not fit: it: expected string'],
  [{ run: 'text', needs, input: [7] }, 'its input does not fit: it is array and has to be string'],
  [{ run: 'text', needs, input: '==literal' }, undefined],
  [{ run: 'text', needs, input: 'literal' }, undefined],
  [{ run: 'text', needs, input: '=tasks.give.status' }, undefined],
  [{ run: 'text', needs, input: '=results' }, undefined],
  [{ run: 'text', needs, input: '=input' }, undefined],
  [{ run: 'odd', needs, input: 7 }, undefined],
  [{ tool: 'named', needs, input: { name: '=results.give.name' } }, undefined],
  [{ tool: 'named', needs, input: { nam: 'x' } }, 'its input does not fit: name is missing'],
  [
    { tool: 'named', needs, input: { name: '=results.give.tags' } },
    'its input does not fit: name is array and has to be string',
  ],
  [
    { tool: 'named', needs, input: { name: { x: '=results.give.x' } } },
    'its input reads results.give.x, which is not there',
  ],
  [{ tool: 'named', needs, forEach: 'results.give.tags' }, 'an item does not fit: it is string and has to be object'],
  [{ tool: 'named', needs, forEach: 'results.give.tags', input: { name: '=item' } }, undefined],
  [{ tool: 'named', needs, forEach: 'results.give.none' }, 'forEach reads results.give.none, which is not there'],
  [{ tool: 'named', needs, forEach: 'results.give.name' }, 'forEach: it is string and has to be array'],
  [{ tool: 'named', needs, forEach: '[1]' }, undefined],
  [{ function: 'id', needs, input: '=results.give.name' }, undefined],
  [{ timer: 5, needs }, undefined],
])('%j: %s', ([other, told]) => {
  expect(find({ other })).toEqual(told === undefined ? [] : [`error schema_mismatch other: ${told}`])
  const make = (): unknown => graphFromData({ name: 'g', tasks: { give: { run: 'give' }, other } }, registry)
  if (told === undefined) make()
  else expect(make).toThrow(expect.objectContaining({ code: 'graph.invalid' }))
})

test('results of tools, signals, items and tasks with a schema of their own are known', () => {
  const reads = (source: object, path: string): string[] =>
    find({ source, last: { run: 'text', needs: ['source'], input: `=${path}` } })
  expect(reads({ tool: 'named', input: { name: 'x' } }, 'results.source.ok')[0]).toContain('it is boolean')
  expect(reads({ signal: 's', schema: { type: 'number' } }, 'results.source')[0]).toContain('it is number')
  expect(reads({ signal: 's' }, 'results.source')).toEqual([])
  expect(reads({ function: 'id' }, 'results.source')).toEqual([])
  expect(reads({ function: 'id', output: { type: 'object', properties: { a: true } } }, 'results.source.a.b')).toEqual(
    [],
  )
  expect(reads({ function: 'id', output: { type: 'null' } }, 'results.source')[0]).toContain('it is null')
  expect(
    reads(
      {
        function: 'id',
        output: {
          $ref: '#/$defs/a',
          $defs: { a: { type: 'object', properties: { b: { $ref: '#/$defs/n' } } }, n: { type: 'number' } },
        },
      },
      'results.source.b',
    )[0],
  ).toContain('it is number')
  expect(reads({ run: 'give', forEach: '[1]' }, 'results.source')[0]).toContain('it is array')
  expect(reads({ run: 'give', forEach: '[1]', optionalItems: true }, 'results.source')[0]).toContain('it is array')
  expect(reads({ run: 'odd' }, 'results.source')).toEqual([])
  expect(reads({ function: 'id', output: false }, 'results.source.a')).toEqual([])
})

test('a result is what its schema makes of it', () => {
  const input = z.object({ to: z.number() })
  const numbers = define({
    name: 'numbers',
    input: z.unknown(),
    output: z.object({ count: z.coerce.number(), some: z.string().default('x') }),
    run: async () => ({ count: 1, some: 'x' }),
  })
  const add = defineTool({ name: 'add', description: 'x', effect: 'read', input, run: () => 1 })
  const of = (read: string): readonly string[] => {
    const tasks = { a: { run: 'numbers' }, b: { tool: 'add', needs: ['a'], input: { to: read } } }
    const graph = graphFromData({ name: 'g', tasks }, { definitions: [numbers], tools: [add] }, draft)
    return analyzeGraph(graph).map(({ message }) => message)
  }
  expect(of('=results.a.count')).toEqual([])
  expect(of('=results.a.some')).toEqual(['its input does not fit: to is string and has to be number'])
})

test('the input of the graph is what a task without a mapping gets', () => {
  expect(find({ t: { run: 'text' } }, { input: { type: 'number' } })).toEqual([
    'error schema_mismatch t: the input of the graph does not fit: it is number and has to be string',
  ])
  expect(
    find(
      { t: { run: 'text', input: '=input.a' } },
      { input: { type: 'object', properties: { a: { type: 'array' } } } },
    ),
  ).toHaveLength(1)
})

test('conditions that decide nothing are told, with what waits for them', () => {
  const id = 'id'
  const found = find({
    off: { function: id, when: 'false && input.x' },
    behind: { function: id, needs: ['off', 'give'] },
    anyway: { function: id, needs: ['off', 'give'], join: 'any' },
    ended: { function: id, needs: ['off'], join: 'settled' },
    both: { function: id, needs: ['off', 'give'], join: { atLeast: 2 } },
    on: { function: id, when: '1 < 2' },
    open: { function: id, when: 'input.x' },
  })
  expect(found).toEqual([
    'warning never_runs off: its condition is never true: false && input.x',
    'warning always_runs on: its condition is always true: 1 < 2',
    'warning never_runs behind: it waits for off, which cannot complete',
    'warning never_runs both: it waits for off, which cannot complete',
  ])
})

test('of a graph of code, what has no mapping is looked at', () => {
  const graph = defineGraph({
    name: 'g',
    input: z.number() as never,
    tasks: {
      a: task({ run: text as never }),
      b: task({ run: text, input: () => 'x' }),
      c: task({ run: text, forEach: () => ['x'] }),
    },
  })
  expect(analyzeGraph(graph).map((each) => each.task)).toEqual(['a'])
})

test.for<[JsonSchema, JsonSchema, string | undefined]>([
  [{ type: 'integer' }, { type: 'number' }, undefined],
  [{ type: ['string', 'null'] }, { type: 'null' }, undefined],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, { type: 'array' }, 'it is string or null and has to be array'],
  [{ anyOf: [{ type: 'string' }, {}] }, { type: 'array' }, undefined],
  [true, { type: 'array' }, undefined],
  [{ const: 1 }, { type: 'string', pattern: 'a' }, 'it is 1 and has to be string'],
  [{ const: 'b' }, { type: 'string', pattern: 'a' }, undefined],
  [{ const: 'b' }, { pattern: 'a' }, undefined],
  [
    { const: { a: 1 } },
    { $ref: '#/$defs/x', $defs: { x: { properties: { a: { $ref: '#/$defs/y' } } }, y: { type: 'string' } } },
    'a: expected string',
  ],
  [
    { type: 'object', properties: { a: { const: { b: 1 } } }, required: ['a'] },
    { type: 'object', properties: { a: { properties: { b: { type: 'string' } } } } },
    'a.b: expected string',
  ],
  [
    {
      type: 'object',
      properties: { a: { type: 'object', properties: { b: { type: 'null' } }, required: ['b'] } },
      required: ['a'],
    },
    { type: 'object', properties: { a: { type: 'object', properties: { b: { type: 'string' } } } } },
    'a.b is null and has to be string',
  ],
  [
    { type: 'object', properties: { a: { type: 'null' } } },
    { type: 'object', properties: { a: { type: 'string' } } },
    undefined,
  ],
  [
    { type: 'object', properties: { a: { type: 'null' } }, required: ['a'] },
    { type: 'object', properties: { b: {} }, additionalProperties: false },
    'a is not known there',
  ],
  [
    { type: 'object', properties: { a: { type: 'null' } }, required: ['a'] },
    { type: 'object', anyOf: [{}], additionalProperties: false },
    undefined,
  ],
  [{ type: 'object', additionalProperties: false }, { type: 'object', required: ['a'] }, 'a is missing'],
  [{ type: 'object' }, { type: 'object', required: ['a'] }, undefined],
  [{ $ref: '#/$defs/x', $defs: { x: { $ref: '#/$defs/x' } } }, { type: 'string' }, undefined],
  [{ $ref: '#/$defs/none' }, { type: 'string' }, undefined],
])('%j given where %j is wanted: %s', ([given, wanted, told]) => {
  expect(findMismatch(given, wanted)).toBe(told)
})

test('schemas without an end are looked at no deeper than anybody needs', () => {
  const endless: JsonSchema = {
    $ref: '#/$defs/n',
    $defs: { n: { type: 'object', properties: { n: { $ref: '#/$defs/n' } }, required: ['n'] } },
  }
  expect(findMismatch(endless, endless)).toBeUndefined()
})
