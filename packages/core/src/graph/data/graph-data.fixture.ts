// Random graphs as data: all kinds of tasks, needs that lead backwards only, expressions over what is there.

import fc from 'fast-check'
import { anySchema } from '../../base/schema.ts'
import { define } from '../../run/definition.ts'
import { defineTool } from '../../tool/tool.ts'
import type { GraphData, TaskData } from './graph-data.ts'
import type { GraphRegistry } from './registry.ts'

/** What the names of random graphs mean. */
export const randomRegistry: GraphRegistry = {
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
export const randomGraphData: fc.Arbitrary<GraphData> = fc
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
