// Ids of fires and schedulers can be computed by whoever starts runs. What takes one is told, and changes nothing else.

import { expect, test } from 'vitest'
import { fireRunId, nextSchedulerId, schedulerName } from '@meepo/core'
import { anySchema } from '../../test-support/any-schema.ts'
import { ScheduleStage } from '../../test-support/schedule-stage.ts'
import { define, type Meepo, type MeepoOptions } from '../index.ts'

const midnight = Date.UTC(2026, 5, 1)
const second = 1_000
const everyTen = { cron: '*/10 * * * * *' }
const other = define({ name: 'other', input: anySchema, run: async () => 'done' })

class ForeignStage extends ScheduleStage {
  readonly notices: { readonly code: string; readonly message: string }[] = []

  process(schedule: { readonly cron: string }, more: Partial<MeepoOptions> = {}): Promise<Meepo> {
    const onNotice: MeepoOptions['onNotice'] = (notice) => void this.notices.push(notice)
    return this.open([this.workflow(schedule)], { definitions: [other], onNotice, ...more })
  }

  get seconds(): readonly number[] {
    return this.ran.map((at) => (Number(at) - midnight) / second)
  }
}

test.each([
  ['another definition', other, 'acme'],
  ['the definition, for another tenant', 'tick', 'acme'],
] as const)(
  'a fire whose id is taken by a run of %s is told as failed, and the next one happens',
  async (_what, definition, tenant) => {
    const stage = new ForeignStage(midnight)
    const meepo = await stage.process(everyTen)
    await stage.run(second)
    const runId = fireRunId(stage.machine.hash, 'tick', 'default', midnight + 10_000)
    // The same as the fire would give.
    await stage.until(meepo.start(definition, midnight + 10_000, { runId, tenant }))
    await stage.run(5 * second)
    const before = stage.ran.length
    await stage.run(20 * second)
    expect(stage.seconds.slice(before)).toEqual([20])
    const [view] = await stage.until(meepo.workflows.list())
    expect(view).toMatchObject({
      last: { at: midnight + 20_000 },
      lastPassed: { at: midnight + 10_000, why: 'failed', error: { code: 'run.exists' } },
    })
    expect(stage.notices).toMatchObject([
      {
        code: 'run.exists',
        message: expect.stringMatching(/due 2026-06-01T00:00:10.000Z: run w\w+ of .* \(tenant acme\)/),
      },
    ])
  },
)

test('a run in the place of the next scheduler neither stops a schedule nor tells how it stands', async () => {
  const stage = new ForeignStage(midnight)
  const first = await stage.process({ cron: '* * * * * *' })
  await stage.run(second)
  const { hash } = stage.machine
  const next = nextSchedulerId(hash, 'tick', nextSchedulerId(hash, 'tick'))
  const forged = { schedule: { cron: 'x' }, after: 9e15, isPaused: true }
  await stage.until(first.start(other, forged, { runId: next, tenant: 'acme' }))
  await stage.run(220 * second)
  expect(stage.ran).toHaveLength(221)
  expect((await stage.until(first.workflows.list()))[0]).toMatchObject({
    isPaused: false,
    last: { at: midnight + 221_000 },
  })
  await stage.until(first.stop())
  const again = await stage.process({ cron: '* * * * * *' })
  await stage.run(5 * second)
  expect(stage.ran).toHaveLength(226)
  const blocked = { code: 'schedule.blocked', details: { workflow: 'tick', runId: next } }
  await expect(stage.until(again.workflows.pause('tick'))).rejects.toMatchObject({
    ...blocked,
    message: `run ${next} of other (tenant acme) has the id of the next scheduler of workflow tick`,
  })
  await expect(stage.process(everyTen)).rejects.toMatchObject(blocked)
  await stage.run(5 * second)
  expect(stage.ran).toHaveLength(231)
  expect(await stage.runs(schedulerName('tick'))).toHaveLength(1)
})

test('where the foreign run is forgotten, the schedule can be changed again', async () => {
  const stage = new ForeignStage(midnight)
  const short = define({ ...other, retention: { completedMs: 60_000 } })
  const first = await stage.process(everyTen, { definitions: [short] })
  const { hash } = stage.machine
  const next = nextSchedulerId(hash, 'tick', nextSchedulerId(hash, 'tick'))
  await stage.until(first.run(short, 1, { runId: next }))
  await stage.run(180 * second)
  await stage.until(first.workflows.pause('tick'))
  const before = stage.ran.length
  await stage.run(60 * second)
  expect(stage.ran).toHaveLength(before)
})

test('a run in the place of the first scheduler is named when the process begins', async () => {
  const stage = new ForeignStage(midnight)
  const idle = await stage.open([], { definitions: [other] })
  const runId = nextSchedulerId(stage.machine.hash, 'tick')
  await stage.until(idle.start(other, 1, { runId }))
  await expect(stage.process(everyTen)).rejects.toMatchObject({ code: 'schedule.blocked', details: { runId } })
})
