// Which processes keep a schedule: those that would start the same. And what only looks like a schedule is none.

import { expect, test } from 'vitest'
import { schedulerName, toErrorData, type AnyDefinition, type Schedule } from '@meepo/core'
import { anySchema } from '../../test-support/any-schema.ts'
import { ScheduleStage } from '../../test-support/schedule-stage.ts'
import { define, defineWorkflow, openWorkflows, type Workflow } from '../index.ts'

const midnight = Date.UTC(2026, 5, 1)
const everyTen = { cron: '*/10 * * * * *' }
const quick = { beatMs: 1_000, missedBeats: 2, idleMs: 0 }

/** A workflow that says which one of several it is when it runs. */
function saying(stage: ScheduleStage, version: string, schedule?: Schedule): Workflow {
  const graph = define({
    name: 'tick',
    version,
    input: anySchema,
    run: async (ctx, input) => {
      await ctx.step('work', { effect: 'read' }, async () => void stage.ran.push(`${version} ${String(input)}`))
    },
  })
  return defineWorkflow({ graph, ...(schedule ? { schedule } : {}) })
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'accepted'
  } catch (thrown) {
    return toErrorData(thrown).code
  }
}

test('a process without the schedule starts nothing of it', async () => {
  const stage = new ScheduleStage(midnight)
  await stage.open([saying(stage, '1')], quick)
  const last = await stage.open([saying(stage, '1', { ...everyTen, missed: 'all', input: 'given' })], quick)
  await stage.run(125_000)
  expect(stage.ran).toEqual(Array.from({ length: 12 }, () => '1 given'))
  expect((await stage.until(last.workflows.list()))[0]).not.toHaveProperty('lastPassed')
})

test('of processes with different inputs or versions only those like the last one to begin start runs', async () => {
  const stage = new ScheduleStage(midnight)
  const old = await stage.open([saying(stage, '1', { ...everyTen, input: 'old' })], quick)
  await stage.run(11_000)
  await stage.open([saying(stage, '1', { ...everyTen, input: 'new' })], quick)
  await stage.run(20_000)
  const last = await stage.open([saying(stage, '2', { ...everyTen, input: 'new' })], quick)
  await stage.run(20_000)
  expect(stage.ran).toEqual(['1 old', '1 new', '1 new', '2 new', '2 new'])
  await stage.until(last.stop())
  await stage.run(20_000)
  expect(stage.ran).toHaveLength(5)
  // Whoever resumes decides as well.
  await stage.until(old.workflows.pause('tick'))
  await stage.until(old.workflows.resume('tick'))
  await stage.run(10_000)
  expect(stage.ran.slice(5)).toEqual(['1 old'])
})

test('a schedule that was cancelled by hand is begun again by a resume, with what was missed', async () => {
  const stage = new ScheduleStage(midnight)
  const meepo = await stage.open([stage.workflow({ ...everyTen, missed: 'all' })])
  await stage.run(25_000)
  const [scheduler] = await stage.runs(schedulerName('tick'))
  await stage.until(meepo.engine.handle(scheduler!.runId).cancel('by hand'))
  await stage.run(30_000)
  expect(stage.ran).toHaveLength(2)
  await stage.until(meepo.workflows.resume('tick'))
  await stage.run(10_000)
  expect(stage.ran).toEqual([10, 20, 30, 40, 50, 60].map((seconds) => midnight + seconds * 1_000))
})

test('a resume of a schedule that nobody began begins none', async () => {
  const stage = new ScheduleStage(midnight)
  const idle = await stage.open([])
  const workflows = openWorkflows(idle, [stage.workflow(everyTen)], { machine: stage.machine })
  await stage.until(workflows.resume('tick'))
  expect(await stage.runs(schedulerName('tick'))).toEqual([])
})

test('a schedule is kept when it was just begun, and until a fire is overdue for a minute', async () => {
  const stage = new ScheduleStage(midnight)
  const keeper = await stage.open([stage.workflow({ cron: '0 * * * *' })])
  const isKept = async (): Promise<unknown> => (await stage.until(keeper.workflows.list()))[0]?.isKept
  expect(await isKept()).toBe(true)
  await stage.run(3_550_000)
  const other = await stage.open([])
  const workflows = openWorkflows(other, [stage.workflow({ cron: '0 * * * *' })], { machine: stage.machine })
  await stage.until(keeper.stop())
  await stage.open([defineWorkflow({ graph: stage.workflow(), name: 'other' })])
  const isStillKept = async (): Promise<unknown> => (await stage.until(workflows.list()))[0]?.isKept
  await stage.run(50_000 + 59_000)
  expect(await isStillKept()).toBe(true)
  await stage.run(1_000)
  expect(await isStillKept()).toBe(false)
})

test.each(['1', '2'])('a definition with the name of a schedule is refused, also in version %s', async (version) => {
  const stage = new ScheduleStage(midnight)
  const taken = define({ name: schedulerName('tick'), version, input: anySchema, run: async () => 'mine' })
  // It names itself, as definitions may.
  const above: AnyDefinition = define({ name: 'above', input: anySchema, uses: [taken], run: async () => 1 })
  for (const definitions of [[taken], [above, above]])
    expect(await codeOf(stage.open([stage.workflow(everyTen)], { definitions }))).toBe('definition.duplicate')
  const idle = await stage.open([])
  const open = async (): Promise<unknown> => openWorkflows(idle, [stage.workflow(), defineWorkflow({ graph: taken })])
  await expect(open()).rejects.toMatchObject({
    code: 'definition.duplicate',
    details: { name: 'tick.schedule', workflow: 'tick' },
  })
  expect(await codeOf(stage.open([], { definitions: [taken] }))).toBe('accepted')
})

test.each([1, null, { schedule: null }, { kind: 'pause', schedule: null, isPaused: true, at: 1 }])(
  'runs that only have the name of a schedule change nothing: %j',
  async (input) => {
    const stage = new ScheduleStage(midnight)
    const first = await stage.open([stage.workflow(everyTen)])
    await stage.run(15_000)
    const taken = define({ name: schedulerName('tick'), version: '7', input: anySchema, run: async () => 'mine' })
    for (let count = 0; count < 25; count++) await stage.until(first.run(taken, input))
    await stage.until(first.workflows.pause('tick'))
    await stage.run(30_000)
    expect(stage.ran).toHaveLength(1)
    expect((await stage.until(first.workflows.list()))[0]).toMatchObject({ isPaused: true })
    await stage.until(first.stop())
    const last = await stage.open([stage.workflow(everyTen)])
    await stage.until(last.workflows.resume('tick'))
    await stage.run(10_000)
    expect(stage.ran).toHaveLength(2)
  },
)

test('a scheduler that has a successor ends, though nobody has its code any more', async () => {
  const stage = new ScheduleStage(midnight)
  const old = await stage.open([saying(stage, '1', everyTen)], quick)
  await stage.run(11_000)
  await stage.until(old.stop())
  const statuses = async (): Promise<readonly string[]> =>
    (await stage.runs(schedulerName('tick'))).map(({ status }) => status)
  // To this one it looks as if the process that ended were still there.
  const { leases } = stage.store
  const [kept] = await stage.runs(schedulerName('tick'))
  const offered = async (): Promise<readonly string[]> => [
    ...(await leases.offered()),
    `tick.schedule@${kept?.version}`,
  ]
  const store = { ...stage.store, leases: { ...leases, offered } }
  await stage.open([saying(stage, '2', everyTen)], { ...quick, store })
  await stage.run(60_000)
  expect(await statuses()).toEqual(['waiting', 'waiting'])
  await stage.open([saying(stage, '2', everyTen)], quick)
  await stage.run(10_000)
  expect(await statuses()).toEqual(['waiting', 'cancelled'])
  expect(stage.ran.map((each) => String(each).slice(0, 1)).join('')).toBe('12222222')
})
