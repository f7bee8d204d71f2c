import { createScriptedModel } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { brittle, failing, play, result, toolsOf } from '../test-support/plan-fleet.ts'
import { openPlanStage } from '../test-support/plan-stage.ts'
import { until } from '../test-support/stage.ts'
import {
  define,
  defineAgent,
  definePlanner,
  defineTool,
  noRetry,
  planApprovalSignal,
  planTool,
  type Json,
  type Tool,
} from './index.ts'

const threeSteps: Json = {
  tasks: [
    { id: 'find', tool: 'search', input: { text: { $result: 'goal' } }, purpose: 'find sources' },
    { id: 'draft', tool: 'write', input: { text: result('find') } },
    { id: 'review', agent: 'reviewer', input: 'Is it good?', needs: ['draft'] },
  ],
  answer: 'draft',
}

test('a plan of tools and agents reaches its goal in several steps', async () => {
  const { stage, planner, calls } = await play({ plan: () => threeSteps, agent: () => 'It is good.' })
  const meepo = await stage.open({ definitions: [planner] })
  const { success, result: outcome } = await meepo.run(planner, { goal: 'tides' })
  expect(success).toBe(true)
  expect(outcome).toMatchObject({
    answer: { text: 'write of search of tides' },
    replans: 0,
    reason: 'the answer is there',
    estimate: { tasks: 3, levels: 3 },
  })
  expect(calls).toEqual(['search tides', 'write search of tides'])
  expect(stage.counts()).toEqual({ plan: 1, agent: 1, goal: 1 })
  // An agent that takes a text is told what the tasks it needs gave.
  expect(stage.asked.find(({ part }) => part === 'agent')?.text).toContain('write of search of tides')
})

test('a task that takes longer than it may is ended, and the plan goes on without', async () => {
  const stage = await openPlanStage({
    plan: () => ({
      tasks: [
        { id: 'slow', tool: 'hang', input: {}, optional: true },
        { id: 'other', agent: 'sleeper', input: 'Sleep.', optional: true },
        { id: 'last', tool: 'done', input: {}, needs: ['slow', 'other'] },
      ],
      answer: 'last',
    }),
  })
  const hang = defineTool({
    name: 'hang',
    description: 'Hangs.',
    effect: 'read',
    retry: noRetry,
    input: z.object({}),
    run: (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
  }) as Tool
  const done = defineTool({
    name: 'done',
    description: 'Is done.',
    effect: 'read',
    input: z.object({}),
    run: () => 'done',
  })
  const sleeper = define({ name: 'sleeper', input: z.string(), run: (ctx) => ctx.sleep(3_600_000) })
  const planner = definePlanner({
    name: 'author',
    model: 'sim:m',
    tools: [hang, done],
    agents: [sleeper],
    taskTimeoutMs: 200,
    recovery: { rules: () => ({ strategy: 'fail' }) },
  })
  const meepo = await stage.open({ definitions: [planner] })
  const { result: outcome, error } = await meepo.run(planner, { goal: 'tides' })
  expect(error).toBeUndefined()
  expect(outcome).toMatchObject({
    answer: 'done',
    tasks: [
      { status: 'failed' },
      { status: 'failed', tries: [{ code: 'graph.task_timeout' }] },
      { status: 'completed' },
    ],
  })
})

test('a plan ends with the deadline of its run', async () => {
  const { stage, planner } = await play({ plan: () => brittle }, { approval: 'always' })
  const meepo = await stage.open({ definitions: [planner] })
  const limits = { deadlineAt: Date.now() + 300 }
  const { status, error } = await meepo.run(planner, { goal: 'tides' }, { limits })
  expect([status, error?.code]).toEqual(['failed', 'run.deadline'])
})

test('a person sees plan and estimate, and nothing is done before the answer', async () => {
  const { stage, planner, calls } = await play(
    { plan: () => threeSteps },
    { approval: 'always', expects: { search: { dollars: 0.5, ms: 100 } } },
  )
  const meepo = await stage.open({ definitions: [planner] })
  for (const approved of [false, true]) {
    const handle = await meepo.start(planner, { goal: 'tides' })
    let told: Json | undefined
    for await (const event of handle.stream()) {
      if (event.type !== 'progress' || event.details?.['signal'] === undefined) continue
      told = event.details
      break
    }
    expect(told).toMatchObject({
      signal: 'approve:plan',
      version: 1,
      plan: { tasks: [{ id: 'find' }, { id: 'draft' }, { id: 'review' }] },
      estimate: { tasks: 3, picoDollars: '500000000000', ms: 100, unknown: ['reviewer'] },
    })
    expect(calls).toEqual([])
    await handle.signal(planApprovalSignal(1), { approved, ...(approved ? {} : { reason: 'not today' }) })
    const { error } = await handle.result()
    expect(error?.code).toBe(approved ? undefined : 'plan.denied')
  }
})

test('a plan that is likely to cost more than the run may spend is refused, or asked about', async () => {
  const expects = { search: { dollars: 3 }, write: { dollars: 3 } }
  const refused = await play({ plan: () => brittle }, { budget: 5, expects })
  const meepo = await refused.stage.open({ definitions: [refused.planner] })
  const { error } = await meepo.run(refused.planner, { goal: 'tides' })
  expect(error).toMatchObject({ code: 'plan.over_budget', details: { picoDollars: '6000000000000' } })
  expect(refused.calls).toEqual([])

  const asked = await play({ plan: () => brittle }, { budget: 5, expects, approval: 'over_budget' })
  const fleet = await asked.stage.open({ definitions: [asked.planner] })
  const handle = await fleet.start(asked.planner, { goal: 'tides' })
  await handle.signal(planApprovalSignal(1), { approved: true })
  expect((await handle.result()).success).toBe(true)
})

test('an agent has a goal reached by one tool call, whose retries are none of its turns', async () => {
  const calls: string[] = []
  const stage = await openPlanStage({
    plan: () => brittle,
    recover: () => ({ strategy: 'retry', reason: 'once more' }),
  })
  const planner = definePlanner({ name: 'author', model: 'sim:m', tools: toolsOf(calls, failing('search', 2)) })
  const model = createScriptedModel([
    { toolCalls: [{ id: 'c1', name: 'author', arguments: { goal: 'tides' } }] },
    'The page is written.',
  ])
  const desk = defineAgent({ name: 'desk', instructions: 'Help.', model, tools: [planTool(planner)], maxTurns: 2 })
  const meepo = await stage.open({ definitions: [desk] })
  const { result: answer, error } = await meepo.run(desk, 'A page about tides, please.')
  expect(error).toBeUndefined()
  expect(answer).toBe('The page is written.')
  expect(calls).toEqual(['search tides', 'search tides', 'search tides', 'write search of tides'])
  const told = model.requests[1]?.messages.find(({ role }) => role === 'tool')
  expect(told).toMatchObject({ tool: 'author', result: { answer: { text: 'write of search of tides' } } })
})

test('a plan whose process is gone is gone on with by another, in the middle', async () => {
  const gate = Promise.withResolvers<void>()
  const calls: string[] = []
  const stage = await openPlanStage({ plan: () => brittle })
  const tools = toolsOf(calls)
  const [search, ...others] = tools
  const write = defineTool({
    name: 'write',
    description: 'Writes.',
    effect: 'idempotent',
    input: z.object({ text: z.string() }),
    run: async ({ text }, { signal }) => {
      calls.push(`write begins`)
      await Promise.race([
        gate.promise,
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('gone')))),
      ])
      return { text: `write of ${text}` }
    },
  }) as Tool
  if (!search) throw new Error('there is no search')
  const rest = others.filter(({ name }) => name !== 'write')
  const planner = definePlanner({ name: 'author', model: 'sim:m', tools: [search, write, ...rest] })
  const first = await stage.open({ definitions: [planner] })
  const { runId } = await first.start(planner, { goal: 'tides' })
  await until(() => calls.includes('write begins'))
  await first.stop({ graceMs: 0, hardLimitMs: 0 })
  gate.resolve()
  const second = await stage.open({ definitions: [planner] })
  const { result: outcome } = await second.engine.handle(runId).result()
  expect(outcome).toMatchObject({ answer: { text: 'write of search of tides' } })
  expect(calls.filter((call) => call.startsWith('search'))).toHaveLength(1)
  expect(stage.counts()).toEqual({ plan: 1, goal: 1 })
})

test('a plan whose money runs out goes on where it was when there is more', async () => {
  const chain = ['one', 'two', 'three'].map((id, at, ids) => ({
    id,
    agent: 'writer',
    input: `Write ${id}.`,
    needs: ids.slice(Math.max(0, at - 1), at),
  }))
  const stage = await openPlanStage({ plan: () => ({ tasks: chain, answer: 'three' }) }, ({ part }) =>
    part === 'agent' ? 1_000 : 10,
  )
  const writer = defineAgent({ name: 'writer', instructions: 'Write.', model: 'sim:m' })
  const planner = definePlanner({ name: 'author', model: 'sim:m', agents: [writer], budget: '0.201' })
  const meepo = await stage.open({ definitions: [planner] })
  const { runId, error } = await meepo.run(planner, { goal: 'three pages' })
  expect(error?.code).toBe('budget.exceeded')
  expect(stage.counts()).toEqual({ plan: 1, agent: 2 })
  const handle = await meepo.engine.resume(runId, { picoDollars: '1000000000000' })
  expect(await handle.result()).toMatchObject({ success: true, result: { answer: 'done' } })
  expect(stage.counts()).toEqual({ plan: 1, agent: 3, goal: 1 })
})
