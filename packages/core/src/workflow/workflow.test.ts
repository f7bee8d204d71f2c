import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import { testHash } from '../testing/test-machine.ts'
import { loadExpressions } from '../graph/data/cel.ts'
import { graphFromData } from '../graph/data/graph-from-data.ts'
import { graphToData } from '../graph/data/graph-to-data.ts'
import { defineGraph } from '../graph/graph.ts'
import { task } from '../graph/task.ts'
import { define } from '../run/definition.ts'
import { fireRunId, nextSchedulerId } from './run-ids.ts'
import { scheduleData, type Schedule } from './schedule.ts'
import { defineWorkflow, isWorkflow, scheduleInput, workflowFromData, workflowStart } from './workflow.ts'

beforeAll(() => loadExpressions())

const graph = defineGraph({
  name: 'report',
  version: '3',
  input: z.object({ day: z.number() }),
  tasks: { a: task({ run: async () => 1 }) },
})

function problemOf(make: () => unknown): { code: string; message: string; field: unknown } {
  try {
    make()
  } catch (thrown) {
    if (MeepoError.is(thrown)) return { code: thrown.code, message: thrown.message, field: thrown.details?.['field'] }
  }
  throw new Error('it was accepted')
}

test('a workflow is the graph with what is said about its runs', () => {
  const workflow = defineWorkflow({
    graph,
    budget: '$2',
    limits: { maxTurns: 3 },
    priority: 5,
    deadlineMs: 1_000,
    retention: { completedMs: 60_000 },
    schedule: { cron: '0 7 * * *', input: ({ at }) => ({ day: at }) },
  })
  expect(workflow).toMatchObject({
    name: 'report',
    version: '3',
    isWorkflow: true,
    limits: { picoDollars: '2000000000000', maxTurns: 3 },
    priority: 5,
    retention: { completedMs: 60_000 },
    levels: graph.levels,
  })
  expect(isWorkflow(workflow)).toBe(true)
  expect(isWorkflow(graph)).toBe(false)
  expect(defineWorkflow({ graph, name: 'other', version: '9' })).toMatchObject({ name: 'other', version: '9' })
})

test('what a definition computes when it is asked is asked for as late', () => {
  let asked = 0
  const lazy = {
    ...define({ name: 'lazy', input: z.string(), retention: { failedMs: 1 }, run: async (_ctx, text) => text }),
    get uses() {
      asked++
      return []
    },
  }
  const workflow = defineWorkflow({ graph: lazy })
  expect(asked).toBe(0)
  expect(workflow.uses).toEqual([])
  expect(asked).toBe(1)
  expect(workflow.retention).toEqual({ failedMs: 1 })
})

test.each<[Partial<Schedule>, string]>([
  [{ cron: 7 as unknown as string }, 'cron'],
  [{ timeZone: 1 as unknown as string }, 'timeZone'],
  [{ missed: 'never' as 'skip' }, 'missed'],
  [{ maxMissed: 0 }, 'maxMissed'],
  [{ maxMissed: 1.5 }, 'maxMissed'],
  [{ maxMissed: 1_001 }, 'maxMissed'],
  [{ graceMs: -1 }, 'graceMs'],
  [{ graceMs: Number.NaN }, 'graceMs'],
  [{ overlap: 'queue' as 'skip' }, 'overlap'],
  [{ tenant: '' }, 'tenant'],
  [{ tenant: 7 as unknown as string }, 'tenant'],
  [{ cron: ' ' }, 'cron'],
])('a schedule that makes no sense is refused: %j', (wrong, field) => {
  const schedule: Schedule<{ day: number }> = { cron: '0 7 * * *', ...(wrong as object), input: { day: 1 } }
  const problem = problemOf(() => defineWorkflow({ graph, schedule }))
  expect(problem).toMatchObject({ code: 'schedule.invalid', field: `schedule.${field}` })
  expect(problem.message).toMatch(`workflow report: schedule.${field}: must be`)
})

test.each<[unknown, string, RegExp]>([
  [{ cron: '@daily', timezone: 'UTC' }, 'schedule.timezone', /is no field of schedules; there are cron, timeZone/],
  ['@daily', 'schedule', /must be an object/],
])('a schedule with something unknown is refused: %j', (schedule, field, message) => {
  const problem = problemOf(() => defineWorkflow({ graph, schedule: schedule as Schedule<{ day: number }> }))
  expect(problem).toMatchObject({ code: 'schedule.invalid', field, message: expect.stringMatching(message) })
})

test.each<[object, string, RegExp]>([
  [{ budget: 'abc' }, 'money.invalid', /^workflow report: budget: .*abc/],
  [{ limits: { picoDollars: '-1' } }, 'money.invalid', /^workflow report: limits.picoDollars is -1/],
  [{ budget: 1, limits: { picoDollars: '1' } }, 'config.invalid', /^workflow report: budget and limits.picoDollars/],
])('limits that make no sense are refused, and named: %j', (wrong, code, message) => {
  const problem = problemOf(() => defineWorkflow({ graph, ...wrong }))
  expect(problem).toMatchObject({ code, message: expect.stringMatching(message) })
})

test('what a schedule gives is made when it is asked for', () => {
  const withInput = (input: Schedule['input']) =>
    defineWorkflow<unknown, unknown>({
      graph: { ...graph, input: z.unknown() } as never,
      schedule: { cron: 'c', input },
    })
  expect(
    scheduleInput(
      withInput(({ at }: { at: number }) => at),
      7,
    ),
  ).toBe(7)
  expect(scheduleInput(withInput('text'), 7)).toBe('text')
  expect(scheduleInput(defineWorkflow<unknown, unknown>({ graph: graph as never }), 7)).toBe(null)
  expect(
    problemOf(() =>
      scheduleInput(
        withInput(async () => 1),
        7,
      ),
    ),
  ).toMatchObject({
    code: 'schedule.invalid',
    message: expect.stringMatching(/schedule.input: must not be async/),
  })
  const failing = (): never => {
    throw new Error('no data yet')
  }
  expect(problemOf(() => scheduleInput(withInput(failing), 7))).toMatchObject({
    code: 'schedule.invalid',
    message: 'workflow report: schedule.input: threw: no data yet',
  })
  // Nobody hears of a rejection behind the refusal.
  expect(
    problemOf(() =>
      scheduleInput(
        withInput(() => Promise.reject(new Error('late'))),
        7,
      ),
    ).code,
  ).toBe('schedule.invalid')
})

test('the input of a schedule must be one that the graph takes', () => {
  expect(problemOf(() => defineWorkflow({ graph, schedule: { cron: '@daily' } })).message).toMatch(
    /schedule.input: it is missing, and the workflow does not take null: /,
  )
  expect(problemOf(() => defineWorkflow({ graph, schedule: { cron: '0 7 * * *' } })).message).toMatch(/schedule.input/)
  const wrong = { day: 'x' } as unknown as { day: number }
  expect(problemOf(() => defineWorkflow({ graph, schedule: { cron: '0 7 * * *', input: wrong } })).code).toBe(
    'schedule.invalid',
  )
})

test.each<[object, string]>([
  [{ retention: { completedMs: 59_999 }, schedule: { cron: '@daily', input: { day: 1 } } }, 'retention.completedMs'],
  [{ priority: 0.5 }, 'priority'],
  [{ deadlineMs: 0 }, 'deadlineMs'],
  [{ deadlineMs: Infinity }, 'deadlineMs'],
  [{ retention: { completedMs: -1 } }, 'retention.completedMs'],
  [{ retention: { failedMs: Number.NaN } }, 'retention.failedMs'],
  [{ retention: { compltedMs: 5 } }, 'retention.compltedMs'],
])('a workflow that makes no sense is refused: %j', (wrong, field) => {
  expect(problemOf(() => defineWorkflow({ graph, ...wrong }))).toMatchObject({ code: 'definition.invalid', field })
})

test.each([{ name: 'a b' }, { version: '' }])('a name or version that is none is refused: %j', (wrong) => {
  expect(problemOf(() => defineWorkflow({ graph, ...wrong })).code).toBe('definition.invalid')
})

test('runs start with priority and deadline of their workflow, unless the caller says otherwise', () => {
  const workflow = defineWorkflow({ graph, priority: 5, deadlineMs: 1_000 })
  expect(workflowStart(graph, { runId: 'r' }, 10)).toEqual({ runId: 'r' })
  expect(workflowStart(defineWorkflow({ graph }), { runId: 'r' }, 10)).toEqual({ runId: 'r' })
  expect(workflowStart(workflow, {}, 10)).toEqual({ priority: 5, limits: { deadlineAt: 1_010 } })
  expect(workflowStart(workflow, { priority: 1, limits: { deadlineAt: 20, maxTurns: 1 } }, 10)).toEqual({
    priority: 1,
    limits: { deadlineAt: 20, maxTurns: 1 },
  })
})

test('what is recorded of a schedule is data', () => {
  expect(scheduleData({ cron: '@daily', input: () => 1 } as Schedule)).toEqual({ cron: '@daily' })
  const all = {
    cron: 'c',
    timeZone: 'UTC',
    missed: 'all',
    maxMissed: 1,
    graceMs: 2,
    overlap: 'skip',
    tenant: 't',
  } as const
  expect(scheduleData({ ...all, input: 7 } as Schedule)).toEqual(all)
})

test('runs are named by workflow, tenant and time, and schedulers by the one before', () => {
  const ids = [
    fireRunId(testHash, 'a', 'default', 1),
    fireRunId(testHash, 'a', 'default', 2),
    fireRunId(testHash, 'a', 'other', 1),
    fireRunId(testHash, 'b', 'default', 1),
    nextSchedulerId(testHash, 'a'),
    nextSchedulerId(testHash, 'a', nextSchedulerId(testHash, 'a')),
    nextSchedulerId(testHash, 'b'),
  ]
  expect(new Set(ids).size).toBe(ids.length)
  expect(fireRunId(testHash, 'a', 'default', 1)).toBe(ids[0])
})

test('a graph of data is the workflow that it says', () => {
  const tasks = { a: { timer: 5 } }
  const plain = graphFromData({ name: 'g', tasks })
  expect(isWorkflow(plain)).toBe(false)
  expect(isWorkflow(workflowFromData(plain))).toBe(true)
  expect(graphToData(workflowFromData(plain))).toEqual(plain.data)
  const data = {
    name: 'g',
    tasks,
    schedule: { cron: '@daily', input: { a: 1 } },
    retention: { failedMs: 60_000 },
    budget: 1,
  }
  const workflow = workflowFromData(graphFromData(data))
  expect(workflow).toMatchObject({
    isWorkflow: true,
    schedule: data.schedule,
    limits: { picoDollars: '1000000000000' },
  })
  expect(graphToData(workflow)).toEqual(data)
  expect(workflowFromData(graphFromData({ name: 'g', tasks, budget: 1 }))).toMatchObject({
    isWorkflow: true,
    limits: { picoDollars: '1000000000000' },
  })
})

test('only the outermost graph of data has a schedule', () => {
  const inner = { name: 'inner', tasks: { b: { timer: 1 } }, schedule: { cron: '@daily' } }
  expect(problemOf(() => graphFromData({ name: 'g', tasks: { a: { graph: inner } } })).message).toMatch(
    /tasks.a.graph.schedule: only the outermost graph has one/,
  )
})
