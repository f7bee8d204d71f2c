import { beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { createToolShed, sumPlan } from '../../test/planner-world.ts'
import { loadExpressions } from '../graph/data/cel.ts'
import { graphFromData } from '../graph/data/graph-from-data.ts'
import { define } from '../run/definition.ts'
import { runDirect } from '../testing/direct-context.ts'
import type { Plan } from './plan.ts'
import { planToGraphData } from './plan-to-graph.ts'

beforeAll(loadExpressions)

const echo = define({ name: 'echo', input: z.unknown(), run: (_ctx, input) => Promise.resolve(input) })

async function run(plan: Plan, input: unknown = { goal: 'four', context: { in: ['here'] } }): Promise<unknown> {
  const graph = graphFromData(planToGraphData('g', plan), { tools: createToolShed().tools, definitions: [echo] })
  return runDirect(graph, input)
}

test('a plan runs as a graph without its planner', async () => {
  // As it comes out of a check: references are needs.
  const [look, sum, tell] = sumPlan.tasks
  const tasks = [look!, { ...sum!, needs: ['look'] }, { ...tell!, needs: ['sum'] }]
  expect(await run({ ...sumPlan, tasks })).toBe('sent 7')
})

test('references, literals and what looks like an expression mean what they meant', async () => {
  const input = {
    literal: '=results.a',
    number: 7,
    nothing: null,
    list: [{ $result: 'a-1', path: 'found.0' }],
    whole: { $result: '2' },
    goal: { $result: 'goal' },
    here: { $result: 'context', path: 'in.0' },
  }
  const tasks = [
    { id: 'a-1', tool: 'find', input: { text: 'x' } },
    { id: '2', agent: 'echo', input: { 'odd key': [true] } },
    { id: 'b', agent: 'echo', input, needs: ['a-1', '2'], purpose: 'look', schema: { type: 'object' }, optional: true },
  ]
  expect(await run({ tasks, answer: 'b' })).toEqual({
    literal: '=results.a',
    number: 7,
    nothing: null,
    list: [1],
    whole: { 'odd key': [true] },
    goal: 'four',
    here: 'here',
  })
})

test('an aggregator gets goal and results, and without an answer all results are it', async () => {
  const tasks: Plan['tasks'] = [
    { id: 'a', agent: 'echo' },
    { id: 'b', agent: 'echo', role: 'aggregator', needs: ['a'] },
  ]
  expect(await run({ tasks })).toEqual({ a: {}, b: { goal: 'four', results: { a: {} } } })
})
