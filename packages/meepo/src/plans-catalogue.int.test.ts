// A plan is made of what the planner has, under the names it has there: twenty sets of tools with other names each time,
// agents shuffled, and a model that knows nothing but what it is asked.

import { expect, test } from 'vitest'
import * as z from 'zod'
import { catalogueOf, openPlanStage, type PlanQuestion } from '../test-support/plan-stage.ts'
import { defineAgent, definePlanner, defineTool, type Json, type Tool } from './index.ts'

/** What the tools and agents are for; what they are called is drawn. */
const purposes = {
  tools: ['Finds a number.', 'Doubles a number.', 'Adds two numbers.', 'Does nothing of use.'],
  agents: ['Writes a report.', 'Draws a picture.', 'Translates.'],
} as const

/** A generator of its own, so that a seed gives the same names for ever (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const rest = [...items]
  return items.flatMap(() => rest.splice(Math.floor(next() * rest.length), 1))
}

interface Fleet {
  readonly tools: readonly Tool[]
  readonly agents: readonly ReturnType<typeof defineAgent>[]
  /** Names of tools in the order of their calls. */
  readonly calls: string[]
}

function fleetOf(seed: number): Fleet {
  const next = random(seed)
  const calls: string[] = []
  const word = (): string =>
    Array.from({ length: 6 }, () => 'abcdefghijklmnopqrstuvwxyz'[Math.floor(next() * 26)]).join('')
  const called = <T>(name: string, result: T): T => {
    calls.push(name)
    return result
  }
  const number = z.object({ value: z.number() })
  const [find, double, add, nothing] = [word(), word(), word(), word()]
  const tools: Tool[] = [
    defineTool({
      name: find,
      description: purposes.tools[0],
      effect: 'read',
      input: z.object({}),
      output: number,
      run: () => called(find, { value: seed }),
    }) as Tool,
    defineTool({
      name: double,
      description: purposes.tools[1],
      effect: 'read',
      input: number,
      output: number,
      run: ({ value }) => called(double, { value: value * 2 }),
    }) as Tool,
    defineTool({
      name: add,
      description: purposes.tools[2],
      effect: 'read',
      input: z.object({ one: z.number(), other: z.number() }),
      output: number,
      run: ({ one, other }) => called(add, { value: one + other }),
    }) as Tool,
    defineTool({
      name: nothing,
      description: purposes.tools[3],
      effect: 'read',
      input: z.object({}),
      run: () => called(nothing, null),
    }) as Tool,
  ]
  const agents = purposes.agents.map((description) =>
    defineAgent({ name: `${word()}-agent`, description, instructions: `You are it: ${description}`, model: 'sim:m' }),
  )
  return { tools: shuffled(tools, next), agents: shuffled(agents, next), calls }
}

/** What a capable model does: it looks for what it needs in the catalogue of the request. */
function planFrom(question: PlanQuestion): Json {
  const { tools, agents } = catalogueOf(question)
  const named = (
    list: readonly { readonly name: string; readonly description: string }[],
    description: string,
  ): string => {
    const found = list.find((one) => one.description === description)
    if (!found) throw new Error(`nobody in the request says: ${description}`)
    return found.name
  }
  const [find, double, add] = purposes.tools
  return {
    tasks: [
      { id: 'found', tool: named(tools, find), input: {} },
      { id: 'doubled', tool: named(tools, double), input: { value: { $result: 'found', path: 'value' } } },
      {
        id: 'sum',
        tool: named(tools, add),
        input: { one: { $result: 'found', path: 'value' }, other: { $result: 'doubled', path: 'value' } },
      },
      { id: 'report', agent: named(agents, purposes.agents[0]), input: 'Report the sum.', needs: ['sum'] },
    ],
    answer: 'report',
  }
}

/** A plan that was learnt by heart from the first set. */
function cannedPlan(): Json {
  const { tools, agents } = fleetOf(1)
  const asked = { content: { workers: { tools: tools.map((tool) => tool.spec()), agents } } }
  return planFrom(asked as unknown as PlanQuestion)
}

const seeds = Array.from({ length: 20 }, (_, at) => at + 1)

test.each(seeds)('set %i: the plan names only what is there, and its answer is right', async (seed) => {
  const { tools, agents, calls } = fleetOf(seed)
  const stage = await openPlanStage({
    plan: planFrom,
    agent: ({ text }) => `The report: ${/"value":(\d+)/.exec(text)?.[1]}`,
  })
  const planner = definePlanner({ name: 'planner', model: 'sim:m', tools, agents })
  const meepo = await stage.open({ definitions: [planner], store: 'memory' })
  const { result: outcome, error } = await meepo.run(planner, { goal: 'Add a number and its double, and report it.' })
  expect(error).toBeUndefined()
  expect(outcome?.answer).toBe(`The report: ${seed * 3}`)
  const names = new Set([...tools, ...agents].map(({ name }) => name))
  expect(outcome?.tasks.filter(({ worker }) => !names.has(worker))).toEqual([])
  expect(calls).toHaveLength(3)
  expect(calls.filter((name) => !names.has(name))).toEqual([])
})

test.each(seeds.slice(1))(
  'set %i: a plan that was learnt by heart is refused, and nothing of it runs',
  async (seed) => {
    const { tools, agents, calls } = fleetOf(seed)
    const stage = await openPlanStage({ plan: cannedPlan })
    const planner = definePlanner({ name: 'planner', model: 'sim:m', tools, agents })
    const meepo = await stage.open({ definitions: [planner], store: 'memory' })
    const { error } = await meepo.run(planner, { goal: 'Add a number and its double, and report it.' })
    expect(error?.code).toBe('plan.unknown_worker')
    expect(calls).toEqual([])
  },
)
