// Everything that a task can be, in code and in data: both forms do the same, and leave the same records.

import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { SmallEngine } from '../../../test/small-engine.ts'
import { defineAgent } from '../../agent/agent.ts'
import type { Json } from '../../base/json.ts'
import { createScriptedModel } from '../../testing/scripted-model.ts'
import { defineTool } from '../../tool/tool.ts'
import { defineGraph, type Graph } from '../graph.ts'
import { foldTaskRecords } from '../records.ts'
import { task, type GraphTask } from '../task.ts'
import { loadExpressions } from './cel.ts'
import { graphFromData } from './graph-from-data.ts'

beforeAll(() => loadExpressions())

const agent = defineAgent({
  name: 'writer',
  instructions: 'Write.',
  model: createScriptedModel(({ messages }) => `on ${JSON.stringify(messages.at(-1))}`.slice(0, 40)),
})
const double = defineTool({
  name: 'double',
  description: 'Doubles.',
  effect: 'read',
  input: z.object({ value: z.number() }),
  run: ({ value }) => value * 2,
})
const add = async ({ a, b }: { readonly a: number; readonly b: number }): Promise<number> => a + b
const inner = defineGraph({
  name: 'inner',
  tasks: { sum: task({ input: () => ({ a: 2, b: 3 }), run: add }) },
  output: ({ sum }) => sum,
})
const registry = { definitions: [agent], tools: [double], functions: { add } }
const approval = z.object({ by: z.string() })

/** The task in code, the same in data, and its result. */
const forms: readonly [what: string, code: GraphTask<never, never, unknown>, data: Json, result: unknown][] = [
  [
    'an agent',
    task({ input: () => 'tides', run: agent }),
    { run: 'writer', input: 'tides' },
    expect.stringContaining('on '),
  ],
  ['a tool call', task({ input: () => ({ value: 4 }), tool: double }), { tool: 'double', input: { value: 4 } }, 8],
  ['a function', task({ input: () => ({ a: 1, b: 2 }), run: add }), { function: 'add', input: { a: 1, b: 2 } }, 3],
  [
    'a sub-graph',
    task({ run: inner }),
    {
      graph: {
        name: 'inner',
        tasks: { sum: { function: 'add', input: { a: 2, b: 3 } } },
        output: '=results.sum',
      },
    },
    5,
  ],
  [
    'a wait for a signal',
    task({ signal: 'approved', schema: approval, timeoutMs: 900 }),
    {
      signal: 'approved',
      timeoutMs: 900,
      schema: { type: 'object', properties: { by: { type: 'string' } }, required: ['by'] },
    },
    { by: 'ada' },
  ],
  ['a timer', task({ timer: 70 }), { timer: 70 }, undefined],
  ['a timer that is worked out', task({ timer: () => 35 * 2 }), { timer: '=35 * 2' }, undefined],
]

interface Ended {
  readonly result: unknown
  readonly at: number
  readonly records: readonly unknown[]
}

async function run(graph: Graph): Promise<Ended> {
  const engine = SmallEngine.start(graph, null)
  await engine.run(50)
  engine.signal('approved', { by: 'ada' })
  const { result, error } = await engine.result()
  expect(error).toBeUndefined()
  const records = foldTaskRecords(graph.graph, engine.log())
  return { result, at: engine.machine.scheduler.now(), records }
}

test.each(forms)('%s is the same in code and in data', async (_what, code, data, result) => {
  const inCode = defineGraph({
    name: 'g',
    tasks: { it: code, end: task({ needs: ['it'], input: () => ({ a: 1, b: 1 }), run: add }) } as never,
  }) as Graph
  const inData = graphFromData(
    { name: 'g', tasks: { it: data, end: { function: 'add', needs: ['it'], input: { a: 1, b: 1 } } } },
    registry,
  )
  const [first, second] = [await run(inCode), await run(inData)]
  expect(first.result).toEqual({ ...(result === undefined ? {} : { it: result }), end: 2 })
  expect(second).toEqual(first)
})
