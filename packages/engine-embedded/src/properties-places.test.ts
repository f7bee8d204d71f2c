// Random starts, ends, waits and deaths of workflows on engines that share a store. `npm run properties` tries many more
// than the unit tests do.

import { anySchema, define, seededRandom, type EngineId, type RunSummary, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine, type TestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { mortalMachine, mortalStore, type Life } from './testing/mortal.ts'
import { createEmbeddedEngine, type EmbeddedEngine } from './index.ts'

const isLong = process.env['MEEPO_PROPERTY_RUNS'] !== undefined
const histories = Number(process.env['MEEPO_PROPERTY_RUNS'] ?? 30)
const seed = Number(process.env['MEEPO_PROPERTY_SEED'] ?? (isLong ? Date.now() % 2 ** 31 : 42))

/** What a workflow does: works, sleeps or asks, and lets a child work. */
type Part = { readonly kind: 'work' | 'sleep' | 'child'; readonly ms: number } | { readonly kind: 'ask' }

interface World {
  readonly name: string
  readonly machine: TestMachine
  readonly store: Store
  readonly places: number
  readonly random: () => number
  readonly engines: { engine: EmbeddedEngine; readonly life: Life }[]
}

function createWorld(name: string): World {
  const seeded = seededRandom(name)
  const random = (): number => seeded.next()
  const machine = createTestMachine({ startAt: 1_700_000_000_000, seed: name })
  const store = createMemoryStore({ now: () => machine.scheduler.now() })
  return { name, machine, store, places: 1 + Math.floor(random() * 4), random, engines: [] }
}

function definitionsOf({ scheduler }: TestMachine) {
  const work = (ms: number) => async (): Promise<null> => {
    await new Promise<void>((resolve) => scheduler.after(ms, resolve))
    return null
  }
  const below = define({
    name: 'below',
    input: anySchema,
    run: (ctx, ms) => ctx.step('work', { effect: 'read' }, work(Number(ms))),
  })
  const workflow = define({
    name: 'workflow',
    input: anySchema,
    isWorkflow: true,
    uses: [below],
    run: async (ctx, input) => {
      // The test starts it with nothing else.
      for (const [index, part] of (input as readonly Part[]).entries()) {
        if (part.kind === 'work') await ctx.step('work', { effect: 'read' }, work(part.ms))
        else if (part.kind === 'sleep') await ctx.sleep(part.ms)
        else if (part.kind === 'child') await ctx.child(below, `below ${index}`, part.ms)
        else await ctx.signalled(`go ${index}`)
      }
      return 'done'
    },
  })
  const plain = define({ name: 'plain', input: anySchema, run: (ctx) => ctx.step('work', { effect: 'read' }, work(1)) })
  return { workflow, plain }
}

async function openEngine(world: World, definitions: ReturnType<typeof definitionsOf>): Promise<void> {
  const { store, machine, places, engines, random } = world
  const life: Life = { isDead: false }
  const engine = createEmbeddedEngine({
    store: mortalStore(store, life),
    machine: mortalMachine(machine, life),
    maxConcurrentWorkflows: places,
    idleMs: random() < 0.5 ? 0 : 60_000,
    beatMs: 100,
    missedBeats: 3,
  })
  engine.register(definitions.workflow, definitions.plain)
  engines.push({ engine, life })
  await machine.scheduler.until(engine.begin())
}

function drawParts(random: () => number): readonly Part[] {
  return Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    const ms = 1 + Math.floor(random() * 400)
    const kind = (['work', 'work', 'sleep', 'child', 'ask'] as const)[Math.floor(random() * 5)] ?? 'work'
    return kind === 'ask' ? { kind } : { kind, ms }
  })
}

/** Never more run than there are places, none is free while one could be taken, and they go in order. */
async function check(world: World, before: ReadonlyMap<string, RunSummary>): Promise<ReadonlyMap<string, RunSummary>> {
  const { store, places, engines, name } = world
  const runs = (await store.log.runs('system', { definition: 'workflow' })).toReversed()
  const dead = new Set<EngineId>(engines.filter(({ life }) => life.isDead).map(({ engine }) => engine.id))
  const running = runs.filter(({ status }) => status === 'running')
  const queued = runs.filter(({ status }) => status === 'queued')
  expect(running.length, `${name}: places`).toBeLessThanOrEqual(places)
  // One that waits for its children out of memory holds its place as well.
  const keepers = await Promise.all(
    runs.map(async ({ runId, status }) => {
      if (status !== 'waiting') return false
      const log = await store.log.read('system', runId)
      const open = log.filter(({ type }) => type === 'child.started').length
      return open > log.filter(({ type }) => type === 'child.completed' || type === 'child.failed').length
    }),
  )
  const held = running.length + keepers.filter(Boolean).length
  expect(held, `${name}: places with those kept`).toBeLessThanOrEqual(places)
  const isAnyoneThere = engines.some(({ life }) => !life.isDead)
  if (isAnyoneThere && queued.length > 0) expect(held, `${name}: free places`).toBe(places)
  for (const taken of running) {
    if (before.get(taken.runId)?.status !== 'queued' || dead.has(taken.owner ?? '')) continue
    const passed = queued.find((one) => before.get(one.runId)?.status === 'queued' && isBefore(one, taken))
    expect(passed?.runId, `${name}: ${taken.runId} was taken before`).toBeUndefined()
  }
  return new Map(runs.map((run) => [run.runId, run]))
}

function isBefore(one: RunSummary, other: RunSummary): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority
  return (one.deadlineAt ?? Infinity) < (other.deadlineAt ?? Infinity)
}

async function live(name: string): Promise<{ readonly deaths: number; readonly most: number }> {
  const world = createWorld(name)
  const { machine, store, random, engines } = world
  const { scheduler } = machine
  const definitions = definitionsOf(machine)
  for (let index = 0; index < 2 + Math.floor(random() * 2); index++) await openEngine(world, definitions)
  const alive = (): EmbeddedEngine => {
    const living = engines.filter(({ life }) => !life.isDead)
    const found = living[Math.floor(random() * living.length)]
    if (!found) throw new Error('nobody is alive')
    return found.engine
  }
  const told = { deaths: 0, most: 0 }
  let before: ReadonlyMap<string, RunSummary> = new Map()
  const asks: (readonly [runId: string, signal: string])[] = []
  for (let round = 0; round < 60; round++) {
    const dice = random()
    if (dice < 0.45) {
      const parts = drawParts(random)
      const limits =
        random() < 0.3 ? { limits: { deadlineAt: scheduler.now() + 1e9 + Math.floor(random() * 1e6) } } : {}
      const options = { priority: Math.floor(random() * 3), ...limits }
      const { runId } = await scheduler.until(alive().start(definitions.workflow, parts, options))
      for (const [index, { kind }] of parts.entries()) if (kind === 'ask') asks.push([runId, `go ${index}`])
    } else if (dice < 0.6) {
      const handle = await scheduler.until(alive().start(definitions.plain, null))
      await scheduler.advance(20)
      expect((await handle.record()).status, `${name}: what is no workflow`).toBe('completed')
    } else if (dice < 0.75) {
      const [ask] = asks.splice(Math.floor(random() * asks.length), 1)
      if (ask) await scheduler.until(alive().handle(ask[0]).signal(ask[1], 1))
    } else if (dice < 0.8) {
      const living = engines.filter(({ life }) => !life.isDead)
      const victim = living[0]
      if (victim) victim.life.isDead = true
      told.deaths++
      await openEngine(world, definitions)
      // Long enough for others to notice.
      await scheduler.advance(1_000)
    } else await scheduler.advance(Math.floor(random() * 300))
    await scheduler.settle()
    before = await check(world, before)
    told.most = Math.max(told.most, [...before.values()].filter(({ status }) => status === 'running').length)
  }
  for (const [runId, signal] of asks) await scheduler.until(alive().handle(runId).signal(signal, 1))
  for (const { runId } of await store.log.runs('system', { definition: 'workflow' })) {
    const { status } = await scheduler.until(alive().handle(runId).result())
    expect(status, `${name}: ${runId}`).toBe('completed')
  }
  for (const { engine, life } of engines) if (!life.isDead) await scheduler.until(engine.stop())
  return told
}

test(
  'workflows never hold more places than there are, leave none free that one waits for, and go in order',
  async () => {
    const sum = { deaths: 0, most: 0 }
    for (let index = 0; index < histories; index++) {
      const told = await live(`places ${seed + index}`)
      sum.deaths += told.deaths
      sum.most += told.most
    }
    console.log(`seed ${seed}: ${JSON.stringify(sum)}`)
    expect(sum.deaths).toBeGreaterThan(histories / 2)
    expect(sum.most).toBeGreaterThan(histories)
  },
  isLong ? 3_600_000 : 60_000,
)
