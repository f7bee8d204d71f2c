// Schedules that are changed, paused and taken away while processes die and clocks jump: no fire is lost that counts, and
// none happens twice.

import { expect, test } from 'vitest'
import { schedulerName, type ScheduleData } from '@meepo/core'
import { mortal } from '../../test-support/mortal.ts'
import { ScheduleStage } from '../../test-support/schedule-stage.ts'
import { define, defineWorkflow, openWorkflows, type Meepo, type Workflow } from '../index.ts'
import { anySchema } from '../../test-support/any-schema.ts'
import { WorkflowSchedulers, type Ground } from './scheduler-host.ts'
import type { WorkflowView } from './workflows.ts'

const midnight = Date.UTC(2026, 5, 1)
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const hourly = { cron: '0 * * * *', missed: 'all' } as const
const quick = { beatMs: 1_000, missedBeats: 2, idleMs: 0 }

async function view(stage: ScheduleStage, meepo: Meepo): Promise<WorkflowView> {
  const [first] = await stage.until(meepo.workflows.list())
  if (!first) throw new Error('there is no workflow')
  return first
}

function groundOf({ machine }: ScheduleStage, { engine, store }: Meepo): Ground {
  return { engine, store, machine, onNotice: () => undefined, retention: {} }
}

/** Fires that have run, as hours since midnight. */
function hoursOf({ ran }: ScheduleStage): readonly number[] {
  return ran.map((at) => (Number(at) - midnight) / hour)
}

/** A workflow whose runs are forgotten a minute after their end. */
function forgetful({ ran }: ScheduleStage, schedule: ScheduleData, starts = new Set<string>()): Workflow {
  const graph = define({
    name: 'tick',
    input: anySchema,
    run: async (ctx, at) => {
      // Durable before the step: the same in all lives of one run, and another one when it is started once more.
      const start = ctx.uuid()
      await ctx.step('work', { effect: 'idempotent' }, async () => {
        if (!starts.has(start)) ran.push(at)
        starts.add(start)
      })
    },
  })
  const retention = { completedMs: minute, failedMs: minute }
  return defineWorkflow({ graph, retention, schedule: { ...schedule, input: ({ at }) => at } })
}

/** Takes the schedule away for so long; what is over its time is forgotten then. */
async function liveWithout(stage: ScheduleStage, gap: number): Promise<WorkflowView> {
  const first = await stage.open([stage.workflow()])
  await stage.run(10 * minute)
  await stage.until(first.stop())
  await stage.run(gap - 15 * minute)
  const last = await stage.open([stage.workflow()])
  await stage.run(5 * minute)
  const seen = await view(stage, last)
  await stage.until(last.stop())
  return seen
}

/** A process that dies at its so-manieth write from `after` on; resolves when it is dead. */
async function dieAtWrite(stage: ScheduleStage, workflow: Workflow, after: number, write: number): Promise<void> {
  const process = mortal(stage.machine, stage.store)
  await stage.open([workflow], { ...quick, store: process.store, machine: process.machine })
  await stage.run(after)
  process.killAtWrite(write)
  await stage.run(15_000)
  process.kill()
}

test.each([
  [{ overlap: 'skip' }, [1, 2]],
  [{ graceMs: 120_000 }, [1, 2, 3, 4]],
  [{ maxMissed: 2 }, [1, 3, 4]],
  [{ missed: 'latest' }, [1, 4]],
] as const)('another policy keeps what was missed, and decides about it: %j', async (policy, expected) => {
  const stage = new ScheduleStage(midnight)
  const first = await stage.open([stage.workflow(hourly)])
  await stage.run(hour + 1_000)
  await stage.until(first.stop())
  await stage.run(3 * hour)
  await stage.open([stage.workflow({ ...hourly, ...policy })])
  await stage.run(1_000)
  expect(hoursOf(stage)).toEqual(expected)
})

test.each([15 * minute, 2 * day, 9 * day])(
  'a schedule that was taken away and comes back makes up for nothing, after %i ms as after others',
  async (gap) => {
    const stage = new ScheduleStage(midnight)
    const first = await stage.open([stage.workflow(hourly)])
    await stage.run(hour + 1_000)
    await stage.until(first.stop())
    await liveWithout(stage, gap)
    await stage.open([stage.workflow(hourly)])
    await stage.run(1_000)
    expect(hoursOf(stage)).toEqual([1])
    await stage.run(hour)
    expect(stage.ran).toHaveLength(2)
  },
)

test('a pause is kept while the schedule is away, for however long', async () => {
  const stage = new ScheduleStage(midnight)
  const first = await stage.open([stage.workflow(hourly)])
  await stage.run(hour + 1_000)
  await stage.until(first.workflows.pause('tick'))
  await stage.until(first.stop())
  expect(await liveWithout(stage, 30 * day)).toMatchObject({ isPaused: true, last: { at: midnight + hour } })
  const back = await stage.open([stage.workflow(hourly)])
  await stage.run(2 * hour)
  expect(hoursOf(stage)).toEqual([1])
  expect(await view(stage, back)).toMatchObject({ isPaused: true })
  expect((await stage.runs(schedulerName('tick'))).length).toBeLessThanOrEqual(2)
})

test('a schedule that was cancelled by hand is gone on with, for however long nobody was there', async () => {
  const stage = new ScheduleStage(midnight)
  const first = await stage.open([stage.workflow(hourly)])
  await stage.run(hour + 1_000)
  const [scheduler] = await stage.runs(schedulerName('tick'))
  await stage.until(first.engine.handle(scheduler!.runId).cancel('by hand'))
  await stage.run(3 * hour)
  await stage.until(first.stop())
  await stage.run(14 * day)
  // What is over its time is forgotten when the engine begins, and the schedule after it.
  const idle = await stage.open([])
  const { definition } = new WorkflowSchedulers(groundOf(stage, idle), stage.workflow(hourly))
  const keeper = await stage.open([], { definitions: [definition] })
  await stage.run(5 * minute)
  await stage.until(Promise.all([idle.stop(), keeper.stop()]))
  await stage.open([stage.workflow({ ...hourly, maxMissed: 2 })])
  await stage.run(1_000)
  expect(hoursOf(stage)).toEqual([1, 339, 340])
})

test('a paused schedule that was cancelled by hand can be resumed, and begins when a process does', async () => {
  const stage = new ScheduleStage(midnight)
  const first = await stage.open([stage.workflow(hourly)])
  await stage.until(first.workflows.pause('tick'))
  await stage.run(1_000)
  const [scheduler] = await stage.runs(schedulerName('tick'))
  await stage.until(first.engine.handle(scheduler!.runId).cancel('by hand'))
  await stage.run(1_000)
  await stage.until(first.workflows.resume('tick'))
  await stage.run(hour)
  expect(await view(stage, first)).toMatchObject({ isPaused: false })
  expect(hoursOf(stage)).toEqual([1])
})

test('a process that dies while it takes a schedule away leaves it away or as it was, and the next one ends it', async () => {
  for (const write of [1, 2, 3, 4]) {
    const stage = new ScheduleStage(midnight)
    const first = await stage.open([stage.workflow(hourly)], quick)
    await stage.run(5_000)
    await stage.until(first.stop())
    const process = mortal(stage.machine, stage.store)
    process.killAtWrite(write)
    // The dead answer nobody.
    void stage.opening([stage.workflow()], { ...quick, store: process.store, machine: process.machine })
    await stage.run(3_000)
    process.kill()
    await stage.open([stage.workflow()], { ...quick, beatMs: minute })
    await stage.run(3 * hour)
    expect(stage.ran, `write ${write}`).toEqual([])
    const [newest] = await stage.runs(schedulerName('tick'))
    expect(newest, `write ${write}`).toMatchObject({ status: 'waiting', version: 'rest' })
  }
})

test('a clock that is set back while a schedule is paused repeats no fire, whatever was forgotten', async () => {
  const stage = new ScheduleStage(midnight)
  const meepo = await stage.open([forgetful(stage, { cron: '*/5 * * * *' })], quick)
  await stage.run(62 * minute)
  await stage.until(meepo.workflows.pause('tick'))
  await stage.run(5 * minute)
  stage.machine.scheduler.jump(-30 * minute)
  await stage.until(meepo.workflows.resume('tick'))
  await stage.run(40 * minute)
  expect(stage.ran).toHaveLength(15)
  expect(new Set(stage.ran).size).toBe(15)
})

test('a clock that is set back while the schedule is changed repeats no fire either', async () => {
  const stage = new ScheduleStage(midnight)
  const first = await stage.open([forgetful(stage, { cron: '*/5 * * * *' })], quick)
  await stage.run(62 * minute)
  await stage.until(first.stop())
  stage.machine.scheduler.jump(-30 * minute)
  for (const cron of ['*/10 * * * *', '*/5 * * * *']) {
    const next = await stage.open([forgetful(stage, { cron })], quick)
    await stage.run(10 * minute)
    await stage.until(next.stop())
  }
  await stage.open([forgetful(stage, { cron: '*/5 * * * *' })], quick)
  await stage.run(13 * minute)
  expect(new Set(stage.ran).size).toBe(stage.ran.length)
  expect((Number(stage.ran.at(-1)) - midnight) / minute).toBe(65)
})

test('a fire that was decided on before a crash happens once under another policy', async () => {
  for (let write = 1; write <= 8; write++) {
    const stage = new ScheduleStage(midnight + 1)
    const workflow = (more = {}): Workflow => stage.workflow({ cron: '*/10 * * * *', missed: 'all', ...more })
    await dieAtWrite(stage, workflow(), 590_000, write)
    await stage.open([workflow({ maxMissed: 5 })], quick)
    await stage.run(minute)
    expect((await stage.runs('tick')).length, `write ${write}`).toBe(1)
  }
})

test('no overlap with a run that nobody recorded, when the policy is changed after a crash', async () => {
  for (let write = 1; write <= 8; write++) {
    const stage = new ScheduleStage(midnight + 1)
    const workflow = (more = {}): Workflow =>
      stage.workflow({ cron: '*/10 * * * *', overlap: 'skip', ...more }, 30 * minute)
    await dieAtWrite(stage, workflow(), 590_000, write)
    await stage.run(10_000)
    await stage.open([workflow({ graceMs: 1_000 })], quick)
    await stage.run(25 * minute)
    expect((await stage.runs('tick')).length, `write ${write}`).toBe(1)
  }
})

test('no overlap with a run that nobody recorded, when the schedule is paused and resumed after a crash', async () => {
  for (let write = 1; write <= 8; write++) {
    const stage = new ScheduleStage(midnight + 1)
    const workflow = (): Workflow => stage.workflow({ cron: '*/10 * * * *', overlap: 'skip' }, 30 * minute)
    await dieAtWrite(stage, workflow(), 590_000, write)
    const idle = await stage.open([], quick)
    const workflows = openWorkflows(idle, [workflow()], { machine: stage.machine })
    await stage.until(workflows.pause('tick'))
    await stage.run(1_000)
    await stage.until(workflows.resume('tick'))
    await stage.open([workflow()], quick)
    await stage.run(25 * minute)
    expect((await stage.runs('tick')).length, `write ${write}`).toBe(1)
  }
})

test('a schedule that is cancelled by hand between a start and its record starts nothing twice', async () => {
  for (let write = 1; write <= 10; write++) {
    const stage = new ScheduleStage(midnight + 1)
    const starts = new Set<string>()
    const workflow = forgetful(stage, hourly, starts)
    await dieAtWrite(stage, workflow, hour - 10_000, write)
    const idle = await stage.open([], quick)
    const [scheduler] = await stage.runs(schedulerName('tick'))
    await stage.until(idle.engine.handle(scheduler!.runId).cancel('by hand'))
    // A process without the schedule does the run, and forgets it.
    const { schedule: _schedule, ...runs } = workflow
    const other = await stage.open([], { ...quick, definitions: [runs] })
    await stage.run(5 * minute)
    await stage.until(Promise.all([idle.stop(), other.stop()]))
    await stage.run(20 * minute)
    await stage.open([workflow], quick)
    await stage.run(3 * minute)
    // Nothing of it can be known any more: the fire is passed over, or was never begun and is made up for.
    expect(starts.size, `write ${write}`).toBeLessThanOrEqual(1)
  }
})

test('what was dropped and passed over is told, also after a pause, a change and a hundred rounds', async () => {
  const stage = new ScheduleStage(midnight)
  const ten = { cron: '*/10 * * * * *' }
  const first = await stage.open([stage.workflow(ten)])
  await stage.run(10_500)
  await stage.until(first.stop())
  await stage.run(60_000)
  const second = await stage.open([stage.workflow(ten)], { idleMs: 0 })
  await stage.run(1_000)
  const missed = { lastPassed: { at: midnight + 60_000, why: 'missed', count: 5 } }
  expect(await view(stage, second)).toMatchObject({ ...missed, last: { at: midnight + 70_000 } })
  await stage.until(second.workflows.pause('tick'))
  expect(await view(stage, second)).toMatchObject(missed)
  await stage.until(second.workflows.resume('tick'))
  await stage.run(1_200_000)
  expect(await view(stage, second)).toMatchObject(missed)
  const third = await stage.open([stage.workflow({ cron: '0 * * * *' })])
  expect(await view(stage, third)).toMatchObject(missed)
})
