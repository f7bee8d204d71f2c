import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { define } from '../../run/definition.ts'
import { defineTool } from '../../tool/tool.ts'
import { defineGraph } from '../graph.ts'
import { planGraph, type TaskShape } from '../plan.ts'
import { task } from '../task.ts'
import { estimateGraph, measuresOf, refuseOverBudget } from './estimate.ts'
import { criticalPath, parallelWindows, timelineOf } from './timeline.ts'

const work = define({ name: 'work', input: z.unknown(), run: async () => 1 })
const paid = defineTool({ name: 'paid', description: 'x', effect: 'read', input: z.unknown(), price: 1, run: () => 1 })
const free = defineTool({ name: 'free', description: 'x', effect: 'read', input: z.unknown(), run: () => 1 })

const diamond = defineGraph({
  name: 'diamond',
  maxParallel: 2,
  tasks: {
    a: task({ run: work, expects: { ms: 10, dollars: 0.5 } }),
    b: task({ needs: ['a'], run: work, expects: { ms: 30, dollars: 0.25 } }),
    c: task({ needs: ['a'], run: work, expects: { ms: 20 } }),
    d: task({ needs: ['b', 'c'], run: async () => 1 }),
    w: task({ timer: 15 }),
  },
})

test('what is expected is added up along the critical path, with what is not known', () => {
  const estimate = estimateGraph(diamond)
  expect(estimate).toEqual({
    tasks: 5,
    runs: 0,
    ms: { p50: 40, p95: 40 },
    picoDollars: { p50: 750_000_000_000, p95: 750_000_000_000 },
    levels: [['a', 'w'], ['b', 'c'], ['d']],
    criticalPath: { tasks: ['a', 'b', 'd'], ms: 40 },
    windows: [
      { from: 0, to: 10, tasks: ['w', 'a'] },
      { from: 10, to: 15, tasks: ['w', 'b', 'c'] },
      { from: 15, to: 30, tasks: ['b', 'c'] },
    ],
    widest: 3,
    unknown: { ms: ['d'], dollars: ['c'] },
    countedOnce: [],
  })
})

test('past runs give a range, and the same ones the same range', () => {
  const record = (taskId: string, durationMs: number, cost?: string) => ({
    taskId,
    agent: 'work',
    status: 'completed' as const,
    success: true,
    durationMs,
    retries: 0,
    ...(cost === undefined ? {} : { cost }),
  })
  const runs = Array.from({ length: 20 }, (_, run) => [
    record('a', run > 15 ? 1_000 : 100, '2000'),
    record('b', 50),
    { ...record('c', 9_999), status: 'failed' as const },
  ])
  const measures = measuresOf(runs)
  expect(measures.get('c')).toBeUndefined()
  const estimate = estimateGraph(diamond, measures)
  expect(estimate.runs).toBe(20)
  expect(estimate.ms).toEqual({ p50: 150, p95: 1_050 })
  expect(estimate.picoDollars.p50).toBe(2_000 + 250_000_000_000)
  expect(estimateGraph(diamond, measures)).toEqual(estimate)
})

test('a graph that is likely to cost more than its budget is refused', () => {
  const estimate = estimateGraph(diamond)
  refuseOverBudget('diamond', estimate, 750_000_000_000n)
  expect(() => refuseOverBudget('diamond', estimate, 1n)).toThrow(
    expect.objectContaining({
      code: 'graph.over_budget',
      message: expect.stringContaining('as its tasks expect') as unknown,
    }),
  )
  expect(() => refuseOverBudget('diamond', { ...estimate, runs: 3 }, 1n)).toThrow('as 3 past runs say')
})

test('who may cost, and what is counted once, is told', () => {
  const composite = { ...free, definition: work }
  const graph = defineGraph({
    name: 'g',
    tasks: {
      paid: task({ tool: paid }),
      free: task({ tool: free }),
      composite: task({ tool: composite }),
      marked: task({ tool: { ...free, isPaid: true } }),
      signal: task({ signal: 's' }),
      many: task({ run: async () => 1, forEach: () => [1] }),
      rounds: task({ run: async () => 1, repeat: { until: () => true, maxTimes: 2 } }),
      later: task({ timer: () => 5 }),
    },
  })
  const { unknown, countedOnce, ms } = estimateGraph(graph)
  expect(unknown.dollars).toEqual(['paid', 'composite', 'marked'])
  expect(countedOnce).toEqual(['many', 'rounds'])
  expect(ms).toEqual({ p50: 0, p95: 0 })
})

test('windows of large graphs are left out', () => {
  const tasks = Object.fromEntries(
    Array.from({ length: 1_001 }, (_, at) => [`t${at}`, task({ run: async () => 1, expects: { ms: 1 } })]),
  )
  expect(estimateGraph(defineGraph({ name: 'g', tasks }))).toMatchObject({ windows: [], widest: 1, ms: { p50: 11 } })
})

test('a join of some starts at the last of them', () => {
  const plan = planGraph('g', {
    a: { needs: [], expects: { ms: 5 } },
    b: { needs: [], expects: { ms: 9 } },
    c: { needs: ['a', 'b'], join: 'any', expects: { ms: 1 } },
    d: { needs: ['a', 'b'], join: { atLeast: 2 }, expects: { ms: 1 } },
  })
  const spans = timelineOf(plan, (node) => node.ms, 10)
  expect(spans.find(({ id }) => id === 'c')).toMatchObject({ from: 5, after: 'a' })
  expect(spans.find(({ id }) => id === 'd')).toMatchObject({ from: 9, after: 'b' })
  expect(criticalPath(spans)).toEqual(['b', 'd'])
  expect(criticalPath([])).toEqual([])
  expect(parallelWindows([])).toEqual([])
})

const randomShapes = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.array(fc.nat({ max: 30 }), { maxLength: 4 })), {
    minLength: 1,
    maxLength: 30,
  })
  .map((tasks): Record<string, TaskShape> =>
    Object.fromEntries(
      tasks.map(([ms, needs], at) => [
        `t${at}`,
        { needs: [...new Set(needs.filter((need) => need < at))].map((need) => `t${need}`), expects: { ms } },
      ]),
    ),
  )

test('a time line starts every task once, after its needs, never more than there are places', () => {
  fc.assert(
    fc.property(randomShapes, fc.integer({ min: 1, max: 5 }), (shapes, places) => {
      const plan = planGraph('g', shapes)
      const spans = timelineOf(plan, (node) => node.ms, places)
      const byId = new Map(spans.map((span) => [span.id, span]))
      expect(byId.size).toBe(plan.length)
      for (const node of plan)
        for (const need of node.needs) expect(byId.get(need.id)!.to).toBeLessThanOrEqual(byId.get(node.id)!.from)
      for (const { tasks } of parallelWindows(spans)) expect(tasks.length).toBeLessThanOrEqual(places)
      const path = criticalPath(timelineOf(plan, (node) => node.ms, Infinity))
      const longest = Math.max(...timelineOf(plan, (node) => node.ms, Infinity).map(({ to }) => to))
      expect(path.reduce((sum, id) => sum + plan.find((node) => node.id === id)!.ms, 0)).toBe(longest)
    }),
    { numRuns: 200 },
  )
})
