import { expect, test } from 'vitest'
import { schedulerName, toErrorData } from '@meepo/core'
import { ScheduleStage } from '../../test-support/schedule-stage.ts'
import { define, defineWorkflow, openWorkflows } from '../index.ts'
import type { WorkflowView } from './workflows.ts'

const day = Date.UTC(2026, 5, 1)
const everyTen = { cron: '*/10 * * * * *' }

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'accepted',
    (thrown: unknown) => toErrorData(thrown).code,
  )
}

async function statuses(stage: ScheduleStage): Promise<readonly string[]> {
  return (await stage.runs(schedulerName('tick'))).map(({ status }) => status)
}

async function alive(stage: ScheduleStage): Promise<number> {
  return (await statuses(stage)).filter((status) => !['completed', 'cancelled', 'failed'].includes(status)).length
}

async function view(stage: ScheduleStage, meepo: Awaited<ReturnType<ScheduleStage['open']>>): Promise<WorkflowView> {
  const [first] = await stage.until(meepo.workflows.list())
  if (!first) throw new Error('there is no workflow')
  return first
}

test('a workflow runs at the times of its schedule, with what the schedule gives it', async () => {
  const stage = new ScheduleStage(day + 1)
  const meepo = await stage.open([stage.workflow(everyTen)])
  await stage.run(35_000)
  expect(stage.ran).toEqual([day + 10_000, day + 20_000, day + 30_000])
  expect(await view(stage, meepo)).toMatchObject({
    name: 'tick',
    schedule: everyTen,
    isPaused: false,
    nextAt: day + 40_000,
    last: { at: day + 30_000 },
    running: 0,
  })
})

test('what was missed while nobody was there is made up for as the policy says', async () => {
  for (const [missed, expected] of [
    ['skip', [10, 1_050]],
    ['latest', [10, 1_040, 1_050]],
    ['all', [10, 1_020, 1_030, 1_040, 1_050]],
  ] as const) {
    const stage = new ScheduleStage(day)
    const workflow = stage.workflow({ ...everyTen, missed, maxMissed: 3, graceMs: 1_000 })
    const first = await stage.open([workflow])
    await stage.run(15_000)
    await stage.until(first.stop())
    await stage.run(1_030_000)
    await stage.open([stage.workflow({ ...everyTen, missed, maxMissed: 3, graceMs: 1_000 })])
    await stage.run(10_000)
    expect(stage.ran, missed).toEqual(expected.map((seconds) => day + seconds * 1_000))
  }
})

test('several processes agree: one scheduler, one run for each fire', async () => {
  const stage = new ScheduleStage(day)
  const processes = []
  for (let count = 0; count < 3; count++) processes.push(await stage.open([stage.workflow(everyTen)]))
  await stage.run(25_000)
  await stage.until(processes[0]!.stop())
  await stage.run(10_000)
  expect(stage.ran).toEqual([day + 10_000, day + 20_000, day + 30_000])
  expect(await stage.runs(schedulerName('tick'))).toHaveLength(1)
})

test('another schedule ends the one before; none ends it for good', async () => {
  const stage = new ScheduleStage(day)
  const first = await stage.open([stage.workflow(everyTen)])
  await stage.run(10_000)
  const second = await stage.open([stage.workflow({ cron: '5,25,45 * * * * *' })])
  await stage.run(30_000)
  expect(stage.ran).toEqual([day + 10_000, day + 25_000])
  expect(await alive(stage)).toBe(1)
  const third = await stage.open([stage.workflow()])
  await stage.run(60_000)
  expect(stage.ran).toHaveLength(2)
  expect(await statuses(stage)).toEqual([expect.stringMatching(/running|waiting/), 'completed', 'completed'])
  await stage.open([stage.workflow()])
  expect(await stage.runs(schedulerName('tick'))).toHaveLength(3)
  expect(await view(stage, third)).toEqual({
    name: 'tick',
    version: '1',
    isPaused: false,
    isKept: false,
    last: { at: day + 25_000, runId: expect.any(String) },
    running: 0,
  })
  for (const meepo of [first, second, third]) await stage.until(meepo.stop())
  await stage.open([stage.workflow(everyTen)])
  await stage.run(10_000)
  expect(stage.ran).toHaveLength(3)
})

test('two who change the schedule at once leave one of theirs', async () => {
  const stage = new ScheduleStage(day)
  await stage.open([stage.workflow(everyTen)])
  const { machine } = stage
  const crons = ['1 * * * * *', '2 * * * * *']
  const idle = [await stage.open([]), await stage.open([])]
  const both = idle.map((meepo, index) =>
    openWorkflows(meepo, [stage.workflow({ cron: crons[index] ?? '' })], { machine }).begin(),
  )
  await stage.until(Promise.all(both))
  await stage.run(60_000)
  expect(await alive(stage)).toBe(1)
  expect(stage.ran).toHaveLength(1)
})

test('a pause is for all processes, outlives them and a change of the schedule, and is not made up for', async () => {
  const stage = new ScheduleStage(day)
  const first = await stage.open([stage.workflow({ ...everyTen, missed: 'all' })])
  await stage.run(10_000)
  await stage.until(Promise.all([first.workflows.pause('tick'), first.workflows.pause('tick')]))
  await stage.until(first.workflows.pause('tick'))
  await stage.run(30_000)
  await stage.until(first.stop())
  const second = await stage.open([stage.workflow({ cron: '*/20 * * * * *', missed: 'all' })])
  await stage.run(30_000)
  expect(stage.ran).toEqual([day + 10_000])
  expect(await view(stage, second)).toMatchObject({ isPaused: true, last: { at: day + 10_000 } })
  await stage.until(Promise.all([second.workflows.resume('tick'), second.workflows.resume('tick')]))
  await stage.until(second.workflows.resume('tick'))
  await stage.run(15_000)
  expect(stage.ran).toEqual([day + 10_000, day + 80_000])
  expect(await view(stage, second)).toMatchObject({ isPaused: false, nextAt: day + 100_000 })
})

test('a process that is stopping can still pause and resume a schedule for all others', async () => {
  const stage = new ScheduleStage(day)
  const stopping = await stage.open([stage.workflow(everyTen)])
  await stage.open([stage.workflow(everyTen)])
  await stage.run(10_000)
  const stopped = stopping.engine.stop()
  await stopping.workflows.pause('tick')
  await stage.until(stopped)
  await stage.run(30_000)
  expect(stage.ran).toHaveLength(1)
  await stopping.workflows.resume('tick')
  await stage.run(10_000)
  expect(stage.ran).toHaveLength(2)
  await stage.until(stopping.stop())
})

test('a schedule can be paused before anybody keeps it', async () => {
  const stage = new ScheduleStage(day)
  const { machine } = stage
  const idle = await stage.open([])
  const workflows = openWorkflows(idle, [stage.workflow(everyTen)], { machine })
  await stage.until(workflows.pause('tick'))
  const meepo = await stage.open([stage.workflow(everyTen)])
  await stage.run(60_000)
  expect(stage.ran).toEqual([])
  await stage.until(workflows.resume('tick'))
  await stage.run(10_000)
  expect(stage.ran).toEqual([day + 70_000])
  expect(await view(stage, meepo)).toMatchObject({ isPaused: false })
  expect(await codeOf(openWorkflows(idle, []).pause('tick'))).toBe('definition.unknown')
})

test('an operator who cancels a scheduler ends the schedule until the next process begins', async () => {
  const stage = new ScheduleStage(day)
  const meepo = await stage.open([stage.workflow(everyTen)])
  await stage.run(10_000)
  const [scheduler] = await stage.runs(schedulerName('tick'))
  await stage.until(meepo.engine.handle(scheduler!.runId).cancel('for now'))
  await stage.run(30_000)
  expect(stage.ran).toEqual([day + 10_000])
  expect(await view(stage, meepo)).not.toHaveProperty('nextAt')
  await stage.until(meepo.stop())
  await stage.open([stage.workflow(everyTen)])
  await stage.run(1)
  expect(stage.ran).toEqual([day + 10_000, day + 40_000])
})

test('a scheduler hands over to the next one, and the last one is told and paused', async () => {
  const stage = new ScheduleStage(day)
  const meepo = await stage.open([stage.workflow({ cron: '* * * * * *' })], { idleMs: 0 })
  await stage.run(210_500)
  expect(stage.ran).toEqual(Array.from({ length: 210 }, (_, index) => day + (index + 1) * 1_000))
  const statuses = (await stage.runs(schedulerName('tick'))).map(({ status }) => status)
  expect(statuses).toEqual(['waiting', 'completed', 'completed'])
  expect(await view(stage, meepo)).toMatchObject({ last: { at: day + 210_000 }, nextAt: day + 211_000 })
  await stage.until(meepo.workflows.pause('tick'))
  await stage.run(5_000)
  expect(stage.ran).toHaveLength(210)
})

test('a clock that is set back or forward doubles no fire', async () => {
  const stage = new ScheduleStage(day)
  await stage.open([stage.workflow(everyTen)])
  await stage.run(25_000)
  stage.machine.scheduler.jump(-12_000)
  await stage.run(30_000)
  stage.machine.scheduler.jump(60_000)
  await stage.run(20_000)
  expect(new Set(stage.ran).size).toBe(stage.ran.length)
  expect(stage.ran.slice(0, 4)).toEqual([10, 20, 30, 40].map((seconds) => day + seconds * 1_000))
})

test('no overlap: a fire is passed over while the run before goes on', async () => {
  const stage = new ScheduleStage(day)
  const meepo = await stage.open([stage.workflow({ ...everyTen, overlap: 'skip' }, 25_000)])
  await stage.run(32_000)
  expect(stage.ran).toEqual([day + 10_000])
  expect(await view(stage, meepo)).toMatchObject({ running: 1, lastPassed: { at: day + 30_000, why: 'overlap' } })
  await stage.run(30_000)
  expect(stage.ran).toEqual([day + 10_000, day + 40_000])
})

test('a run can be started at once, with the input of the schedule or another', async () => {
  const stage = new ScheduleStage(day)
  const meepo = await stage.open([stage.workflow(everyTen)])
  const now = stage.machine.scheduler.now()
  const handle = await stage.until(meepo.workflows.runNow('tick'))
  expect(await stage.until(handle.result())).toMatchObject({ result: now })
  await stage.until((await stage.until(meepo.workflows.runNow('tick', 'mine', { tenant: 'x' }))).result())
  expect(stage.ran).toEqual([now, 'mine'])
  const plain = defineWorkflow({ graph: stage.workflow(), name: 'plain', priority: 3, deadlineMs: 1_000 })
  const other = await stage.open([plain])
  const record = await stage.until(other.workflows.runNow('plain').then((run) => run.result()))
  expect(record).toMatchObject({ success: true })
  for (const definition of ['plain', 'plain@1', plain]) await stage.until(other.run(definition, 7))
  const runs = await stage.runs('plain')
  expect(runs.map(({ priority, deadlineAt, createdAt }) => [priority, (deadlineAt ?? 0) - createdAt])).toEqual(
    runs.map(() => [3, 1_000]),
  )
})

test('a fire whose input is refused is told, and the next one is started', async () => {
  const stage = new ScheduleStage(day)
  const notices: unknown[] = []
  const graph = stage.workflow()
  const input = ({ at }: { at: number }): number => {
    if (at === day + 10_000) throw new Error('no data yet')
    return at
  }
  const workflow = defineWorkflow({ graph, schedule: { ...everyTen, input } })
  const meepo = await stage.open([workflow], { onNotice: (notice) => void notices.push(notice) })
  await stage.run(20_000)
  expect(stage.ran).toEqual([day + 20_000])
  expect(notices).toMatchObject([
    {
      code: 'schedule.invalid',
      message: expect.stringMatching(
        /^workflow tick, due 2026-06-01T00:00:10.000Z: .*schedule.input: threw: no data yet$/,
      ),
    },
  ])
  expect(await view(stage, meepo)).toMatchObject({ lastPassed: { at: day + 10_000, why: 'failed' } })
})

test('runs of a schedule belong to its tenant', async () => {
  const stage = new ScheduleStage(day)
  await stage.open([stage.workflow({ ...everyTen, tenant: 'acme' })])
  await stage.run(10_000)
  const runs = [...(await stage.runs('tick')), ...(await stage.runs(schedulerName('tick')))]
  expect(runs.map(({ tenant }) => tenant)).toEqual(['acme', 'acme'])
})

test('workflows that make no sense are refused before anything is begun', async () => {
  const stage = new ScheduleStage(day)
  const plain = define({ name: 'plain', input: stage.workflow().input, run: async () => 1 })
  expect(await codeOf(stage.open([plain as never]))).toBe('accepted')
  const twice = [stage.workflow(everyTen), defineWorkflow({ graph: stage.workflow(), version: '2' })]
  expect(await codeOf(stage.open(twice))).toBe('definition.duplicate')
  expect(await codeOf(stage.open([stage.workflow({ cron: 'often' })]))).toBe('schedule.invalid')
  const meepo = await stage.open([stage.workflow()])
  expect(await codeOf(meepo.workflows.pause('tick'))).toBe('schedule.missing')
  expect(await codeOf(meepo.workflows.resume('tick'))).toBe('schedule.missing')
  expect(await codeOf(meepo.workflows.runNow('tock'))).toBe('definition.unknown')
})
