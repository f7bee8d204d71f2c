// A schedule whose policy changes, that is paused and resumed: crashed behind every write of any log and driven again.

import { expect, test } from 'vitest'
import type { Store } from '@meepo/core'
import type { TestMachine } from '@meepo/core/testing'
import { crashEverywhere } from '../../../engine-embedded/test/every-crash.ts'
import { ScheduleStage } from '../../test-support/schedule-stage.ts'
import type { Meepo } from '../index.ts'

const startAt = 1_700_000_000_000
const everyTen = { cron: '*/10 * * * * *', missed: 'all' } as const
// Every write under MEEPO_PROPERTY_RUNS; a few of them always.
const step = process.env['MEEPO_PROPERTY_RUNS'] === undefined ? 5 : 1
const quick = { idleMs: 0, beatMs: 1_000, missedBeats: 2 }

/** What happens, and when; what is past is not done again. */
async function drive(store: Store, machine: TestMachine): Promise<string> {
  const stage = new ScheduleStage(startAt, { store, machine })
  const seconds = (): number => (machine.scheduler.now() - startAt) / 1_000
  const until = async (second: number): Promise<boolean> => {
    if (seconds() > second) return false
    await stage.run((second - seconds()) * 1_000)
    return true
  }
  let meepo: Meepo | undefined
  const open = async (policy: object): Promise<Meepo> => {
    if (meepo) await stage.until(meepo.stop())
    meepo = await stage.open([stage.workflow({ ...everyTen, ...policy })], quick)
    return meepo
  }
  if (seconds() <= 25) await open({})
  await until(25)
  const last = await open({ maxMissed: 50 })
  if (await until(45)) await stage.until(last.workflows.pause('tick'))
  if (await until(65)) await stage.until(last.workflows.resume('tick'))
  await until(88)
  const [view] = await stage.until(last.workflows.list())
  const runs = await stage.runs('tick')
  const fires = await Promise.all(runs.map(({ runId }) => inputOf(store, runId)))
  await stage.until(last.stop())
  const told = { fires: fires.toSorted((a, b) => a - b), last: view?.last?.at, isPaused: view?.isPaused }
  return JSON.stringify({ ...told, nextAt: view?.nextAt, passed: view?.lastPassed })
}

async function inputOf(store: Store, runId: string): Promise<number> {
  const [first] = await store.log.read('system', runId)
  if (first?.type !== 'run.created' || !('value' in first.data.input)) throw new Error('runs begin with their input')
  return (Number(first.data.input.value) - startAt) / 1_000
}

test('whatever write was the last one, each fire happens once, and the schedule goes on as it should', async () => {
  const { told, crashes } = await crashEverywhere({
    createWorld: () => ({ effects: [] }),
    drive: (_world, store, machine) => drive(store, machine),
    step: () => step,
  })
  expect(JSON.parse(told)).toEqual({
    fires: [10, 20, 30, 40, 70, 80],
    last: startAt + 80_000,
    isPaused: false,
    nextAt: startAt + 90_000,
  })
  expect(crashes).toBeGreaterThan(100 / step)
}, 60_000)
