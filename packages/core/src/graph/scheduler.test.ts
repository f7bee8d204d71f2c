import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planGraph, type GraphNode, type GraphPlan } from './plan.ts'
import { beginSchedule, isFinished, settle, takeNext, type Schedule } from './scheduler.ts'

/** Random graphs without circles: a task may need only tasks declared before it, then the declaration is shuffled. */
const graphs: fc.Arbitrary<GraphPlan> = fc
  .array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .chain((wishes) => {
    const tasks = wishes.map((wanted, task): [string, { needs: string[] }] => [
      `t${task}`,
      { needs: [...new Set(wanted.filter((need) => need < task).map((need) => `t${need}`))] },
    ])
    return fc.shuffledSubarray(tasks, { minLength: tasks.length })
  })
  .map((tasks) => planGraph('g', Object.fromEntries(tasks)))

/** What the scheduler promises, kept by hand beside it. */
class Witness {
  readonly started = new Set<GraphNode>()
  readonly done = new Set<GraphNode>()
  readonly plan: GraphPlan
  readonly maxParallel: number

  constructor(plan: GraphPlan, maxParallel: number) {
    this.plan = plan
    this.maxParallel = maxParallel
  }

  startAll(schedule: Schedule, running: GraphNode[]): void {
    for (let node = takeNext(schedule); node !== undefined; node = takeNext(schedule)) {
      expect(this.started.has(node)).toBe(false)
      expect(node.needs.every((need) => this.done.has(need))).toBe(true)
      const better = this.readyNow().filter((other) => other.place < (node?.place ?? 0))
      expect(better).toEqual([])
      this.started.add(node)
      running.push(node)
    }
    expect(running.length).toBeLessThanOrEqual(this.maxParallel)
    // Never idle while something is ready.
    if (running.length < this.maxParallel) expect(this.readyNow()).toEqual([])
  }

  private readyNow(): GraphNode[] {
    return this.plan.filter((node) => !this.started.has(node) && node.needs.every((need) => this.done.has(need)))
  }
}

test('needs are kept, each task runs once, the cap holds, nothing is idle, whatever ends first', () => {
  fc.assert(
    fc.property(graphs, fc.integer({ min: 1, max: 6 }), fc.infiniteStream(fc.nat(1_000)), (plan, cap, chance) => {
      const schedule = beginSchedule(plan, cap)
      const witness = new Witness(plan, cap)
      const running: GraphNode[] = []
      witness.startAll(schedule, running)
      while (running.length > 0) {
        expect(isFinished(schedule)).toBe(false)
        const [node] = running.splice((chance.next().value ?? 0) % running.length, 1)
        if (node === undefined) break
        witness.done.add(node)
        settle(schedule, node, true)
        witness.startAll(schedule, running)
      }
      expect(isFinished(schedule)).toBe(true)
      expect(witness.done.size).toBe(plan.length)
    }),
  )
})

test('exactly the tasks behind a failed one are not run', () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(29), { maxLength: 4 }), (plan, failing) => {
      const schedule = beginSchedule(plan, 3)
      const bad = new Set(failing.map((task) => `t${task}`))
      const ran = new Set<GraphNode>()
      for (let node = takeNext(schedule); node !== undefined; node = takeNext(schedule)) {
        ran.add(node)
        settle(schedule, node, !bad.has(node.id))
      }
      expect(isFinished(schedule)).toBe(true)
      const isBehind = (node: GraphNode): boolean => node.needs.some((need) => bad.has(need.id) || isBehind(need))
      for (const node of plan) expect(ran.has(node)).toBe(!isBehind(node))
    }),
  )
})

/** Runs the plan in simulated time. */
function makespan(plan: GraphPlan, maxParallel: number, durations: readonly number[]): number {
  const schedule = beginSchedule(plan, maxParallel)
  const running: { readonly node: GraphNode; readonly endsAt: number }[] = []
  let now = 0
  do {
    for (let node = takeNext(schedule); node !== undefined; node = takeNext(schedule)) {
      running.push({ node, endsAt: now + (durations[node.index] ?? 1) })
    }
    running.sort((a, b) => b.endsAt - a.endsAt)
    const next = running.pop()
    if (next === undefined) break
    now = next.endsAt
    settle(schedule, next.node, true)
  } while (!isFinished(schedule))
  return now
}

test('the time it takes keeps the bound of list scheduling', () => {
  const durations = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 30, maxLength: 30 })
  fc.assert(
    fc.property(graphs, fc.integer({ min: 1, max: 6 }), durations, (plan, cap, times) => {
      const time = (node: GraphNode): number => times[node.index] ?? 1
      const finish = (node: GraphNode): number => time(node) + Math.max(0, ...node.needs.map(finish))
      const critical = Math.max(...plan.map(finish))
      const work = plan.reduce((sum, node) => sum + time(node), 0)
      const taken = makespan(plan, cap, times)
      expect(taken).toBeGreaterThanOrEqual(Math.max(critical, work / cap))
      // Graham: no list schedule is worse.
      expect(taken).toBeLessThanOrEqual(work / cap + critical * (1 - 1 / cap) + 1e-9)
    }),
  )
})

test('the critical path is not kept waiting', () => {
  const plan = planGraph('g', {
    ...Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`short${index}`, { needs: [] }])),
    first: { needs: [] },
    second: { needs: ['first'] },
    third: { needs: ['second'] },
  })
  expect(makespan(plan, 3, [])).toBe(3)
})
