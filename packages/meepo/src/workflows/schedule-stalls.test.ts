// Processes that stand still between reading where a schedule stands and writing what they change, and stores that are slow:
// the schedule goes on meanwhile, and what it does is neither doubled nor forgotten.

import { expect, test } from 'vitest'
import { schedulerName, type NewRun, type Schedule } from '@meepo/core'
import { anySchema } from '../../test-support/any-schema.ts'
import { heldStore } from '../../test-support/held-store.ts'
import { mortal } from '../../test-support/mortal.ts'
import { ScheduleStage } from '../../test-support/schedule-stage.ts'
import { define, defineWorkflow, openWorkflows, type Meepo, type Workflow } from '../index.ts'
import type { WorkflowView } from './workflows.ts'

const midnight = Date.UTC(2026, 5, 1)
const minute = 60_000
const quick = { beatMs: 1_000, missedBeats: 2, idleMs: 0 }

/** Runs that are told apart also when one has the id of another that was forgotten. They are kept for a minute. */
function forgetful(stage: ScheduleStage, schedule: Schedule): Workflow {
  const graph = define({
    name: 'tick',
    input: anySchema,
    run: (ctx, at) => ctx.step('work', { effect: 'once' }, async () => void stage.ran.push(at)),
  })
  const retention = { completedMs: minute, failedMs: minute }
  return defineWorkflow({ graph, retention, schedule: { ...schedule, input: ({ at }) => at } })
}

/** A store in front of which the creation of schedulers waits until it is opened. */
function gate(stage: ScheduleStage) {
  const opened = Promise.withResolvers<void>()
  let held = 0
  const store = heldStore(stage.store, ({ definition }: NewRun) => {
    if (definition !== schedulerName('tick')) return undefined
    held++
    return opened.promise
  })
  return { store, open: opened.resolve, held: () => held }
}

/** A store that needs 200 ms for each run of the workflow. */
function slow(stage: ScheduleStage) {
  const { scheduler } = stage.machine
  const wait = (): Promise<void> => new Promise((resolve) => void scheduler.after(200, resolve))
  return heldStore(stage.store, ({ definition }: NewRun) => (definition === 'tick' ? wait() : undefined))
}

function minutesOf({ ran }: ScheduleStage): readonly number[] {
  return ran.map((at) => (Number(at) - midnight) / minute)
}

async function view(stage: ScheduleStage, meepo: Meepo): Promise<WorkflowView | undefined> {
  return (await stage.until(meepo.workflows.list()))[0]
}

test('a process that stalls in front of its change doubles nothing, also when the run of a fire was forgotten meanwhile', async () => {
  const stage = new ScheduleStage(midnight)
  await stage.open([forgetful(stage, { cron: '*/5 * * * *' })], quick)
  await stage.run(4 * minute)
  const { store, open, held } = gate(stage)
  const stalled = stage.opening([forgetful(stage, { cron: '*/5 * * * *', graceMs: 1_000 })], { ...quick, store })
  await stage.run(4 * minute)
  expect([held(), minutesOf(stage)]).toEqual([1, [5]])
  open()
  await stage.until(stalled)
  await stage.run(30_000)
  expect(minutesOf(stage)).toEqual([5])
  await stage.run(2 * minute)
  expect(minutesOf(stage)).toEqual([5, 10])
})

test.each(['pause', 'schedule'] as const)(
  'a %s that stalls while a fire happens knows its run: nothing overlaps with it',
  async (kind) => {
    const stage = new ScheduleStage(midnight)
    const workflow = (cron = '*/5 * * * *'): Workflow => stage.workflow({ cron, overlap: 'skip' }, 30 * minute)
    const first = await stage.open([workflow()], quick)
    await stage.run(4 * minute + 55_000)
    const { store, open, held } = gate(stage)
    const changing: Promise<unknown> =
      kind === 'pause'
        ? (await stage.open([workflow()], { ...quick, store })).workflows.pause('tick')
        : stage.opening([workflow('*/3 * * * *')], { ...quick, store })
    await stage.run(10_000)
    expect([held(), minutesOf(stage)]).toEqual([1, [5]])
    open()
    await stage.until(changing)
    if (kind === 'pause') await stage.until(first.workflows.resume('tick'))
    await stage.run(10 * minute)
    expect(minutesOf(stage)).toEqual([5])
    expect((await view(stage, first))?.lastPassed).toMatchObject({ why: 'overlap' })
  },
)

test('a pause in the middle of many missed fires ends them, and says truly which was the last', async () => {
  const stage = new ScheduleStage(midnight)
  const workflow = (): Workflow => stage.workflow({ cron: '*/10 * * * * *', missed: 'all' })
  const first = await stage.open([workflow()], quick)
  await stage.run(10_500)
  await stage.until(first.stop())
  await stage.run(10 * minute)
  await stage.open([workflow()], { ...quick, store: slow(stage) })
  await stage.open([], quick)
  await stage.run(2_000)
  const other = await stage.open([workflow()], quick)
  await stage.until(other.workflows.pause('tick'))
  const atPause = (await stage.runs('tick')).length
  await stage.run(minute)
  const runs = await stage.runs('tick')
  // One was on its way.
  expect(runs.length).toBeLessThanOrEqual(atPause + 1)
  expect(runs.length).toBeLessThan(20)
  expect(await view(stage, other)).toMatchObject({ isPaused: true, last: { at: Math.max(...stage.ran.map(Number)) } })
  await stage.until(other.workflows.resume('tick'))
  await stage.run(1_000)
  expect(await stage.runs('tick')).toHaveLength(runs.length)
})

test.each<[string, Omit<Schedule, 'input'> | undefined]>([
  ['taken away', undefined],
  ['moved', { cron: '*/15 * * * *' }],
  ['cut down', { cron: '*/10 * * * * *', missed: 'all', maxMissed: 3 }],
  ['given to another tenant', { cron: '*/10 * * * * *', missed: 'all', tenant: 'acme' }],
])('a schedule that is %s in the middle of many missed fires starts each once', async (what, next) => {
  const stage = new ScheduleStage(midnight)
  const workflow = (): Workflow => stage.workflow({ cron: '*/10 * * * * *', missed: 'all' })
  const first = await stage.open([workflow()], quick)
  await stage.run(10_500)
  await stage.until(first.stop())
  await stage.run(10 * minute)
  await stage.open([workflow()], { ...quick, store: slow(stage) })
  await stage.run(2_000)
  const last = await stage.open([stage.workflow(next)], quick)
  const changedAt = stage.machine.scheduler.now()
  const before = (await stage.runs('tick')).length
  await stage.run(8_000)
  expect(new Set(stage.ran).size).toBe(stage.ran.length)
  // Another policy keeps what is left; whoever means other times gives it up.
  if (what === 'cut down') expect(stage.ran.length).toBe(62)
  else expect(stage.ran.filter((at) => Number(at) < changedAt).length).toBeLessThanOrEqual(before + 1)
  expect((await view(stage, last))?.last?.at).toBe(Math.max(...stage.ran.map(Number)))
})

test('a fire that was decided on before a long time without processes gives way to the newest one', async () => {
  for (let write = 1; write <= 6; write++) {
    const stage = new ScheduleStage(midnight)
    const workflow = (): Workflow => stage.workflow({ cron: '*/5 * * * *' })
    const process = mortal(stage.machine, stage.store)
    await stage.open([workflow()], { ...quick, store: process.store, machine: process.machine })
    await stage.run(4 * minute + 58_000)
    process.killAtWrite(write)
    await stage.run(15_000)
    process.kill()
    const started = (await stage.runs('tick')).length
    await stage.run(21 * minute)
    const last = await stage.open([workflow()], quick)
    await stage.run(30_000)
    expect([...new Set(minutesOf(stage))], `write ${write}`).toEqual(started === 0 ? [25] : [5, 25])
    expect((await view(stage, last))?.lastPassed, `write ${write}`).toMatchObject({ at: midnight + 20 * minute })
  }
})

test('a successor that nobody drove is seen through: what is paused is paused, and goes on', async () => {
  const stage = new ScheduleStage(midnight)
  const workflow = (): Workflow => stage.workflow({ cron: '*/5 * * * *', missed: 'all' })
  const first = await stage.open([workflow()], quick)
  await stage.run(6 * minute)
  await stage.until(first.stop())
  const idle = await stage.open([])
  const seen = openWorkflows(idle, [workflow()], { machine: stage.machine })
  for (const [change, isPaused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    // It dies when the change is durable.
    const { store, machine, killAtWrite } = mortal(stage.machine, stage.store)
    const dying = await stage.open([], { store, machine })
    killAtWrite(1)
    void openWorkflows(dying, [workflow()], { machine })[change]('tick')
    await stage.run(5 * minute)
    const [view] = await stage.until(seen.list())
    expect(view).toMatchObject({ isPaused, last: { at: midnight + 5 * minute } })
    expect(view).not.toHaveProperty('nextAt')
  }
  await stage.open([workflow()], quick)
  await stage.run(5 * minute)
  // The resume was at minute eleven.
  expect(minutesOf(stage)).toEqual([5, 15, 20])
})
