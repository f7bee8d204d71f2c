import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../base/seeded-random.ts'
import { planGraph, type GraphNode, type GraphPlan, type TaskShape } from './plan.ts'
import { beginSchedule, end, isFinished, release, takeNext, type Schedule, type Slot } from './scheduler.ts'
import type { TaskJoin } from './task.ts'

const pools = { gpu: 3, tokens: 5 }

/** One wish for a task of a random graph: a need becomes one if it points at an earlier task. */
const wish = fc.record({
  needs: fc.array(fc.nat(30), { maxLength: 4 }),
  join: fc.constantFrom<'all' | 'any' | 'settled' | 'two'>('all', 'all', 'all', 'any', 'settled', 'two'),
  optional: fc.boolean(),
  isWait: fc.nat(9),
  gpu: fc.constantFrom(0, 0, 0, 1, 3),
  tokens: fc.constantFrom(0, 0, 2, 5),
  ms: fc.option(fc.nat(50), { nil: undefined }),
  deadlineMs: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined, freq: 6 }),
})

function joinOf(join: 'all' | 'any' | 'settled' | 'two', needs: number): TaskJoin {
  if (needs === 0) return 'all'
  return join === 'two' ? { atLeast: Math.min(2, needs) } : join
}

/** Random graphs without circles, declared in any order. */
const graphs: fc.Arbitrary<GraphPlan> = fc
  .array(wish, { minLength: 1, maxLength: 30 })
  .chain((wishes) => {
    const tasks = wishes.map(
      ({ needs: wanted, join, optional, isWait, gpu, tokens, ms, deadlineMs }, at): [string, TaskShape] => {
        const needs = [...new Set(wanted.filter((need) => need < at).map((need) => `t${need}`))]
        const uses = { ...(gpu > 0 ? { gpu } : {}), ...(tokens > 0 ? { tokens } : {}) }
        const work = { kind: isWait === 0 ? 'signal' : 'function' }
        const known = {
          ...(ms === undefined ? {} : { expects: { ms } }),
          ...(deadlineMs === undefined ? {} : { deadlineMs }),
        }
        return [`t${at}`, { needs, join: joinOf(join, needs.length), optional, uses, work, ...known }]
      },
    )
    return fc.shuffledSubarray(tasks, { minLength: tasks.length })
  })
  .map((tasks) => planGraph('g', Object.fromEntries(tasks)))

type End = 'completed' | 'failed' | 'skipped' | 'cancelled'

/** What the scheduler promises, worked out beside it in the plainest way. */
class Witness {
  readonly started = new Set<GraphNode>()
  readonly ended = new Map<GraphNode, End>()
  readonly open = new Set<GraphNode>()
  readonly plan: GraphPlan
  readonly maxParallel: number

  constructor(plan: GraphPlan, maxParallel: number) {
    this.plan = plan
    this.maxParallel = maxParallel
  }

  isMet({ needs, join }: GraphNode): boolean {
    const completed = needs.filter((need) => this.ended.get(need) === 'completed').length
    const ended = needs.filter((need) => this.ended.has(need)).length
    if (typeof join === 'number') return completed >= join
    if (join === 'settled') return ended === needs.length
    return needs.every((need) => this.ended.get(need) === 'completed' || (this.ended.has(need) && need.isOptional))
  }

  fits({ isWait, uses }: GraphNode): boolean {
    if (isWait) return true
    if ([...this.open].filter((node) => !node.isWait).length >= this.maxParallel) return false
    return uses.every(([pool, units]) => this.used(pool) + units <= pools[pool as 'gpu'])
  }

  used(pool: string): number {
    return [...this.open]
      .flatMap((node) => node.uses.filter(([name]) => name === pool))
      .reduce((sum, [, units]) => sum + units, 0)
  }
}

function start(schedule: Schedule, witness: Witness, running: Slot[]): void {
  for (let slot = takeNext(schedule); slot !== undefined; slot = takeNext(schedule)) {
    const { node } = slot
    expect(witness.started.has(node)).toBe(false)
    expect(witness.ended.has(node)).toBe(false)
    expect(witness.isMet(node)).toBe(true)
    expect(witness.fits(node)).toBe(true)
    witness.started.add(node)
    witness.open.add(node)
    running.push(slot)
  }
  // Never idle while something is ready and fits.
  const idle = witness.plan.filter(
    (node) => !witness.started.has(node) && !witness.ended.has(node) && witness.isMet(node) && witness.fits(node),
  )
  expect(idle).toEqual([])
}

function hear(schedule: Schedule, witness: Witness, running: readonly Slot[]): void {
  for (const notice of schedule.notices) {
    if (notice.kind === 'ended') {
      expect(witness.ended.has(notice.node) || witness.started.has(notice.node)).toBe(false)
      witness.ended.set(notice.node, notice.status)
      expect(notice.why).not.toBe('')
    } else {
      expect(notice.kind).toBe('cancel')
      expect(running.some(({ node }) => node === notice.node)).toBe(true)
      // Nobody that has not begun waits for it.
      expect(
        notice.node.dependents.filter(
          (node) => !witness.ended.has(node) && !witness.started.has(node) && !witness.isMet(node),
        ),
      ).toEqual([])
    }
  }
  schedule.notices.length = 0
}

test('orders, caps and pools are kept, each task runs once and ends, nothing is idle, whatever ends first and how', () => {
  fc.assert(
    fc.property(
      graphs,
      fc.integer({ min: 1, max: 6 }),
      fc.infiniteStream(fc.nat(1_000)),
      (plan, maxParallel, chance) => {
        const draw = (): number => chance.next().value ?? 0
        const schedule = beginSchedule(plan, { maxParallel, pools })
        const witness = new Witness(plan, maxParallel)
        const running: Slot[] = []
        start(schedule, witness, running)
        while (running.length > 0) {
          expect(isFinished(schedule)).toBe(false)
          const [slot] = running.splice(draw() % running.length, 1)
          if (slot === undefined) break
          const how = (['completed', 'completed', 'completed', 'failed', 'cancelled'] as const)[draw() % 5] ?? 'failed'
          witness.ended.set(slot.node, how)
          witness.open.delete(slot.node)
          release(schedule, slot)
          end(schedule, slot.node, how)
          hear(schedule, witness, running)
          start(schedule, witness, running)
        }
        expect(isFinished(schedule)).toBe(true)
        // Everything ended: run, or skipped with a reason.
        expect(witness.ended.size).toBe(plan.length)
        expect(plan.map((node) => schedule.status[node.index])).toEqual(plan.map((node) => witness.ended.get(node)))
      },
    ),
    { numRuns: 300 },
  )
})

const joins: readonly TaskJoin[] = ['all', 'any', 'settled', { atLeast: 2 }, { atLeast: 3 }]

/** All orders in which three needs can end, and all ways in which they can. */
function* endings(): Generator<readonly (readonly [need: number, how: End])[]> {
  const hows: readonly End[] = ['completed', 'failed', 'skipped', 'cancelled']
  for (const order of [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ])
    for (const a of hows)
      for (const b of hows) for (const c of hows) yield order.map((need, at) => [need, [a, b, c][at] ?? 'failed'])
}

test.each(joins.flatMap((join) => [false, true].map((optional) => ({ join, optional }))))(
  'a join behaves for every order and every way in which its needs end: $join, optional $optional',
  ({ join, optional }) => {
    for (const ending of endings()) {
      const needs = ['a', 'b', 'c']
      const plan = planGraph('g', {
        a: { needs: [], optional },
        b: { needs: [], optional },
        c: { needs: [], optional },
        join: { needs, join },
      })
      const node = plan[3]!
      const schedule = beginSchedule(plan, { maxParallel: 9 })
      const slots = [takeNext(schedule)!, takeNext(schedule)!, takeNext(schedule)!]
      const seen: End[] = []
      for (const [need, how] of ending) {
        const slot = slots.find((each) => each.node.index === need)!
        seen.push(how)
        const before = schedule.status[3]
        release(schedule, slot)
        end(schedule, slot.node, how)
        const after = schedule.status[3]
        if (before === 'pending') expect([ending, after]).toEqual([ending, expected(join, optional, seen)])
        else expect(after).toBe(before)
        // Those that are still running when the join is decided have nobody else who wants them.
        const told = schedule.notices.filter(({ kind }) => kind === 'cancel').map((notice) => notice.node.id)
        if (before === 'pending' && after !== 'pending' && join !== 'all') expect(told).toHaveLength(3 - seen.length)
        schedule.notices.length = 0
      }
      expect(schedule.status[node.index]).not.toBe('pending')
    }
  },
)

/** How a task with three needs stands after some of them have ended. */
function expected(join: TaskJoin, optional: boolean, seen: readonly End[]): string {
  const completed = seen.filter((how) => how === 'completed').length
  const open = 3 - seen.length
  if (join === 'settled') return open === 0 ? 'ready' : 'pending'
  if (join === 'all') {
    if (completed < seen.length && !optional) return 'skipped'
    return open === 0 ? 'ready' : 'pending'
  }
  const wanted = join === 'any' ? 1 : (join as { atLeast: number }).atLeast
  if (completed >= wanted) return 'ready'
  if (completed + open >= wanted) return 'pending'
  return seen.includes('failed') ? 'failed' : 'skipped'
}

/** Runs the plan in simulated time, in the order of the scheduler. */
function makespan(plan: GraphPlan, maxParallel: number): number {
  const schedule = beginSchedule(plan, { maxParallel })
  const running: { readonly slot: Slot; readonly endsAt: number }[] = []
  let now = 0
  do {
    for (let slot = takeNext(schedule); slot !== undefined; slot = takeNext(schedule)) {
      running.push({ slot, endsAt: now + slot.node.ms })
    }
    running.sort((a, b) => b.endsAt - a.endsAt)
    const next = running.pop()
    if (next === undefined) break
    now = next.endsAt
    release(schedule, next.slot)
    end(schedule, next.slot.node, 'completed')
  } while (!isFinished(schedule))
  return now
}

/** The same for any order, as plain as can be: `turns` by index. */
function listSchedule(plan: GraphPlan, maxParallel: number, turns: readonly number[]): number {
  const left = plan.map((node) => node.needs.length)
  const ready = plan.filter((node) => node.needs.length === 0)
  let running: { readonly node: GraphNode; readonly endsAt: number }[] = []
  let now = 0
  for (;;) {
    ready.sort((a, b) => turns[b.index]! - turns[a.index]!)
    while (running.length < maxParallel && ready.length > 0) {
      const node = ready.pop()!
      running.push({ node, endsAt: now + node.ms })
    }
    if (running.length === 0) return now
    now = Math.min(...running.map(({ endsAt }) => endsAt))
    for (const { node, endsAt } of running) {
      if (endsAt > now) continue
      for (const next of node.dependents) if (--left[next.index]! === 0) ready.push(next)
    }
    running = running.filter(({ endsAt }) => endsAt > now)
  }
}

function* permutations(count: number, taken: number[] = []): Generator<readonly number[]> {
  if (taken.length === count) yield taken
  for (let next = 0; next < count; next++) if (!taken.includes(next)) yield* permutations(count, [...taken, next])
}

/** The best of all orders for few tasks, else of many. Stops at a bound that no schedule can beat. */
function best(plan: GraphPlan, maxParallel: number, seed: number): number {
  const random = seededRandom(`best ${seed}`)
  const finish = new Map<GraphNode, number>()
  const sorted = plan.toSorted((a, b) => b.rank - a.rank)
  for (const node of sorted) finish.set(node, node.ms + Math.max(0, ...node.needs.map((need) => finish.get(need) ?? 0)))
  const work = plan.reduce((sum, { ms }) => sum + ms, 0)
  const bound = Math.max(...finish.values(), work / maxParallel)
  let shortest = Infinity
  const orders = function* (): Generator<readonly number[]> {
    if (plan.length <= 6) yield* permutations(plan.length)
    else {
      yield plan.map(({ rank }) => -rank)
      for (let count = 0; count < 400; count++) yield plan.map(() => random.next())
      for (let count = 0; count < 400; count++) yield plan.map(({ rank }) => -rank * (0.7 + 0.6 * random.next()))
    }
  }
  for (const turns of orders()) {
    shortest = Math.min(shortest, listSchedule(plan, maxParallel, turns))
    if (shortest <= bound) break
  }
  return shortest
}

test('500 random graphs take hardly longer than in the best order that can be found', () => {
  const ratios = Array.from({ length: 500 }, (_, seed) => {
    const random = seededRandom(`graph ${seed}`)
    const draw = (below: number): number => Math.floor(random.next() * below)
    const count = seed % 5 === 0 ? 4 + draw(3) : 7 + draw(34)
    const reach = draw(3) === 0 ? count : 6
    const tasks = Array.from({ length: count }, (_unused, at): [string, TaskShape] => {
      const needs = Array.from({ length: at === 0 ? 0 : draw(4) }, () => `t${at - 1 - draw(Math.min(at, reach))}`)
      return [`t${at}`, { needs: [...new Set(needs)], expects: { ms: 1 + 50 * random.next() } }]
    })
    const maxParallel = 1 + draw(6)
    const plan = planGraph('g', Object.fromEntries(tasks), maxParallel)
    return makespan(plan, maxParallel) / best(plan, maxParallel, seed)
  }).toSorted((a, b) => a - b)
  expect(ratios[250]).toBeLessThanOrEqual(1.005)
  expect(ratios[495]).toBeLessThanOrEqual(1.05)
  expect(ratios[499]).toBeLessThanOrEqual(1.1)
}, 60_000)

test('the time it takes keeps the bound of list scheduling when durations are not what was expected', () => {
  const durations = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 30, maxLength: 30 })
  const needs = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(needs, fc.integer({ min: 1, max: 6 }), durations, (wishes, cap, times) => {
      const tasks = wishes.map((wanted, at): [string, TaskShape] => [
        `t${at}`,
        { needs: [...new Set(wanted.filter((need) => need < at).map((need) => `t${need}`))] },
      ])
      const planned = planGraph('g', Object.fromEntries(tasks))
      const order = new Map(
        planned.toSorted((a, b) => b.rank - a.rank || a.index - b.index).map((node, at) => [node.index, at]),
      )
      // The order was made without them. No two tasks end at once: which of them is heard of first is not the scheduler's.
      const msOf = ({ index }: GraphNode): number => (times[index] ?? 1) + Math.abs(Math.sin(index + 1)) / 1_000
      const plan = planned.map((node) => Object.assign(node, { ms: msOf(node) }))
      const finish = (node: GraphNode): number => node.ms + Math.max(0, ...node.needs.map(finish))
      const critical = Math.max(...plan.map(finish))
      const work = plan.reduce((sum, { ms }) => sum + ms, 0)
      const taken = listSchedule(
        plan,
        cap,
        plan.map(({ index }) => order.get(index) ?? 0),
      )
      expect(makespan(plan, cap)).toBeCloseTo(taken, 9)
      expect(taken).toBeGreaterThanOrEqual(Math.max(critical, work / cap) - 1e-9)
      // Graham: no list schedule is worse.
      expect(taken).toBeLessThanOrEqual(work / cap + critical * (1 - 1 / cap) + 1e-9)
    }),
  )
})

function order(tasks: Readonly<Record<string, TaskShape>>): string[] {
  const schedule = beginSchedule(planGraph('g', tasks), { maxParallel: 99 })
  const ids: string[] = []
  for (let slot = takeNext(schedule); slot !== undefined; slot = takeNext(schedule)) ids.push(slot.node.id)
  return ids
}

test('what a deadline presses goes first, then the longest way to an end, then priority, then the order of declaration', () => {
  expect(
    order({
      last: { needs: [] },
      first: { needs: [], priority: 1 },
      long: { needs: [], expects: { ms: 9 } },
      middle: { needs: [], expects: { ms: 5 } },
      behind: { needs: ['middle'], expects: { ms: 5 } },
      urgent: { needs: [] },
      due: { needs: ['urgent'], deadlineMs: 100 },
      relaxed: { needs: [], deadlineMs: 1_000 },
    }),
  ).toEqual(['urgent', 'relaxed', 'middle', 'long', 'first', 'last'])
})

test('a task that waits for the last units of a pool blocks no other', () => {
  const plan = planGraph('g', {
    wide: { needs: [], uses: { gpu: 3 }, priority: 9 },
    wider: { needs: [], uses: { gpu: 3 }, priority: 8 },
    narrow: { needs: [], uses: { tokens: 1 } },
    free: { needs: [] },
  })
  const schedule = beginSchedule(plan, { maxParallel: 9, pools })
  const ids = (): string[] => {
    const taken: string[] = []
    for (let slot = takeNext(schedule); slot !== undefined; slot = takeNext(schedule)) taken.push(slot.node.id)
    return taken
  }
  expect(ids()).toEqual(['wide', 'narrow', 'free'])
})

test('a chain of 50,000 tasks behind a failed one is skipped at once', () => {
  const tasks = Object.fromEntries(
    Array.from({ length: 50_000 }, (_, at): [string, TaskShape] => [
      `t${at}`,
      { needs: at === 0 ? [] : [`t${at - 1}`] },
    ]),
  )
  const schedule = beginSchedule(planGraph('g', tasks), { maxParallel: 1 })
  const slot = takeNext(schedule)!
  release(schedule, slot)
  end(schedule, slot.node, 'failed')
  expect([isFinished(schedule), schedule.notices.length]).toEqual([true, 49_999])
})
