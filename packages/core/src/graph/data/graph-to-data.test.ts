import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import fc from 'fast-check'
import { anySchema } from '../../base/schema.ts'
import { define } from '../../run/definition.ts'
import { defaultRetry } from '../../run/retry.ts'
import { defineTool } from '../../tool/tool.ts'
import { defineGraph } from '../graph.ts'
import { task } from '../task.ts'
import { loadExpressions } from './cel.ts'
import { graphFromData } from './graph-from-data.ts'
import { graphToData } from './graph-to-data.ts'
import type { GraphData, TaskData } from './graph-data.ts'
import type { GraphRegistry } from './registry.ts'
import { cel, mapping } from './in-code.ts'

beforeAll(() => loadExpressions())

const double = define({ name: 'double', input: z.number(), run: async (_ctx, value) => value * 2 })
const echo = defineTool({
  name: 'echo',
  description: 'Says it.',
  effect: 'read',
  input: z.object({ text: z.string() }),
  run: ({ text }) => text,
})
const id = async (value: unknown): Promise<unknown> => value
const registry = { definitions: [double], tools: [echo], functions: { id } }

/** What the names of random graphs mean. */
const randomRegistry: GraphRegistry = {
  definitions: [define({ name: 'worker', input: anySchema, run: async () => 1 })],
  tools: [defineTool({ name: 'look', description: 'Looks.', effect: 'read', input: anySchema, run: () => 1 })],
  functions: { id: async (value: unknown) => value },
}

const literal = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll('"=', '"==')) as never)
const schema = fc.constantFrom({ type: 'object' }, true, { type: ['string', 'null'], maxLength: 5 })

function taskOf(earlier: readonly string[]): fc.Arbitrary<TaskData> {
  const needs = fc.subarray([...earlier])
  const work = fc.oneof(
    fc.constantFrom<TaskData>(
      { run: 'worker' },
      { tool: 'look' },
      { function: 'id' },
      { function: 'id', effect: 'idempotent' },
    ),
    fc.constant<TaskData>({ graph: { name: 'inner', tasks: { only: { function: 'id' } }, output: '=results.only' } }),
  )
  const settings = fc.record(
    {
      description: fc.string(),
      when: fc.constantFrom('input.a == 1', 'size(tasks) > 0 && has(input.x)'),
      optional: fc.boolean(),
      timeoutMs: fc.integer({ min: 1 }),
      priority: fc.integer(),
      deadlineMs: fc.integer({ min: 1 }),
      output: schema,
      retry: fc.record(
        { maxAttempts: fc.integer({ min: 1, max: 9 }), factor: fc.double({ min: 1, max: 9, noNaN: true }) },
        { requiredKeys: [] },
      ),
      expects: fc.record({ ms: fc.nat(), dollars: fc.constantFrom(0, 0.25) }, { requiredKeys: [] }),
      repeat: fc.record({ until: fc.constant('last == times'), maxTimes: fc.integer({ min: 1, max: 9 }) }),
      onRollback: fc.constantFrom({ run: 'worker' } as const, { function: 'id' } as const),
    },
    { requiredKeys: [] },
  )
  const items = fc.constantFrom(
    {},
    { forEach: '[1, 2, 3]' },
    { forEach: 'input.list', concurrency: 3, optionalItems: true },
  )
  const working = fc
    .tuple(work, settings, items, needs, literal, fc.boolean())
    .map(([what, said, each, needed, input, reads]): TaskData => {
      const [first] = needed
      const mapping = reads && first !== undefined ? { value: `=results['${first}']`, input } : input
      return { ...what, ...said, ...each, ...(needed.length > 0 ? { needs: needed } : {}), input: mapping }
    })
  const waiting = fc
    .tuple(fc.constantFrom<TaskData>({ signal: 'go', schema: true }, { timer: 5 }, { timer: '=1 + 1' }), needs)
    .map(([what, needed]): TaskData => ({
      ...what,
      ...(needed.length > 0 ? { needs: needed, join: 'settled', joinWithinMs: 7 } : {}),
    }))
  return fc.oneof({ weight: 4, arbitrary: working }, waiting)
}

/** Graphs as data that are right. */
const randomGraphData: fc.Arbitrary<GraphData> = fc
  .tuple(
    fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,8}$/), { minLength: 1, maxLength: 8 }),
    fc.record(
      {
        version: fc.constant('2'),
        description: fc.string(),
        input: schema,
        maxParallel: fc.integer({ min: 1, max: 1_000 }),
        onFailure: fc.constantFrom('continue' as const, 'stop' as const),
        reportPartials: fc.boolean(),
        output: literal,
        pools: fc.constant({ gpu: 1 }),
        agents: fc.constant({ writer: { model: 'a:b', instructions: 'Write.', tools: ['look'] } }),
      },
      { requiredKeys: [] },
    ),
  )
  .chain(([ids, options]) =>
    fc.tuple(...ids.map((_id, at) => taskOf(ids.slice(0, at)))).map((tasks): GraphData => ({
      name: 'random',
      ...options,
      tasks: Object.fromEntries(ids.map((id, at) => [id, tasks[at]!])),
    })),
  )

test('random graphs are the same after data, graph and data', () => {
  fc.assert(
    fc.property(randomGraphData, (data) => {
      const graph = graphFromData(data, randomRegistry)
      expect(graphToData(graph)).toEqual(data)
      expect(graphToData(graphFromData(graphToData(graph), randomRegistry))).toEqual(data)
      // The tasks alone hold what is needed to write them again.
      expect(graphToData({ ...graph, data: undefined } as never, randomRegistry).tasks).toEqual(data.tasks)
    }),
    { numRuns: 200 },
  )
})

test('a graph of names, cel and mapping is data, which makes the same graph', () => {
  const inner = defineGraph({ name: 'inner', tasks: { t: task({ run: id }) } })
  const graph = defineGraph({
    name: 'g',
    version: '3',
    input: z.object({ n: z.number() }),
    maxParallel: 5,
    pools: { gpu: 2 },
    reportPartials: true,
    limits: { activeMs: 5 },
    tasks: {
      a: task({
        run: double,
        input: mapping<number>('=input.n'),
        uses: { gpu: 1 },
        retry: { ...defaultRetry, maxAttempts: 5 },
      }),
      b: task({
        needs: ['a'],
        tool: echo,
        input: mapping<{ text: string }>({ text: '=string(results.a)' }),
        when: cel('results.a > 1'),
        optional: true,
      }),
      c: task({
        needs: ['a'],
        run: id,
        effect: 'once',
        forEach: cel<unknown[]>('[1, 2]'),
        onRollback: id as never,
        output: z.number() as never,
      }),
      d: task({ run: id, repeat: { until: cel('last == 1'), maxTimes: 3 } as never, onRollback: double as never }),
      e: task({ signal: 'go', schema: z.object({ ok: z.boolean() }), needs: ['a', 'b'], join: 'any' }),
      f: task({ timer: 100 }),
      s: task({ signal: 'stop' }),
      g: task({ timer: cel<number>('input.n * 2') }),
      h: task({ run: inner as never }),
    },
    output: mapping<unknown>({ a: '=results.a' }) as never,
  })
  const data = graphToData(graph, registry)
  expect(data).toMatchInlineSnapshot(`
    {
      "input": {
        "properties": {
          "n": {
            "type": "number",
          },
        },
        "required": [
          "n",
        ],
        "type": "object",
      },
      "limits": {
        "activeMs": 5,
      },
      "maxParallel": 5,
      "name": "g",
      "output": {
        "a": "=results.a",
      },
      "pools": {
        "gpu": 2,
      },
      "reportPartials": true,
      "tasks": {
        "a": {
          "input": "=input.n",
          "retry": {
            "maxAttempts": 5,
          },
          "run": "double",
          "uses": {
            "gpu": 1,
          },
        },
        "b": {
          "input": {
            "text": "=string(results.a)",
          },
          "needs": [
            "a",
          ],
          "optional": true,
          "tool": "echo",
          "when": "results.a > 1",
        },
        "c": {
          "effect": "once",
          "forEach": "[1, 2]",
          "function": "id",
          "needs": [
            "a",
          ],
          "onRollback": {
            "function": "id",
          },
          "output": {
            "type": "number",
          },
        },
        "d": {
          "function": "id",
          "onRollback": {
            "run": "double",
          },
          "repeat": {
            "maxTimes": 3,
            "until": "last == 1",
          },
        },
        "e": {
          "join": "any",
          "needs": [
            "a",
            "b",
          ],
          "schema": {
            "properties": {
              "ok": {
                "type": "boolean",
              },
            },
            "required": [
              "ok",
            ],
            "type": "object",
          },
          "signal": "go",
        },
        "f": {
          "timer": 100,
        },
        "g": {
          "timer": "=input.n * 2",
        },
        "h": {
          "graph": {
            "name": "inner",
            "tasks": {
              "t": {
                "function": "id",
              },
            },
          },
        },
        "s": {
          "signal": "stop",
        },
      },
      "version": "3",
    }
  `)
  const again = graphFromData(data, registry)
  expect(graphToData(again)).toEqual(data)
  expect(again.levels()).toEqual(graph.levels())
  expect(graphToData(graph, { ...registry, definitions: [double, inner as never] }).tasks['h']).toEqual({
    run: 'inner',
  })
})

test('what only code can say is told by its task', () => {
  const told =
    (tasks: object, more: object = {}): (() => unknown) =>
    () =>
      graphToData(defineGraph({ name: 'g', tasks: tasks as never, ...more }), registry)
  expect(told({ a: task({ run: async () => 1 }) })).toThrow(
    'graph g: task a runs a function that the registry does not name',
  )
  expect(() => graphToData(defineGraph({ name: 'g', tasks: { a: task<unknown, unknown>({ run: id }) } }))).toThrow(
    'does not name',
  )
  expect(told({ a: task({ run: id, when: () => true }) })).toThrow('graph g: task a: when is code')
  expect(told({ a: task({ timer: () => 1 }) })).toThrow('task a: timer is code')
  expect(told({ a: task({ run: id, onRollback: async () => 1 }) })).toThrow('task a: onRollback runs a function')
  expect(told({ a: task({ run: id }) }, { output: () => 1 })).toThrow('graph g: its output is code')
  expect(told({ a: task({ run: id }) }, { input: z.string().regex(/a/) })).toThrow(
    'its input has a schema that data cannot say',
  )
  expect(told({ a: task({ run: id, when: () => true }) })).toThrow(expect.objectContaining({ code: 'graph.not_data' }))
})

test('a mapping in code is checked where it stands', () => {
  expect(() => mapping({ a: '=1 +' })).toThrow(expect.objectContaining({ code: 'expression.invalid' }))
  expect(() => cel('1 +')).toThrow(expect.objectContaining({ code: 'expression.invalid' }))
  const view = { input: 1, results: {}, tasks: {} }
  expect(cel('input == 1')(view)).toBe(true)
  expect(mapping({ a: '=input' })({}, 1, view)).toEqual({ a: 1 })
})
