// A schedule whose policy changes, that is paused and resumed: the process dies at each of its writes, and another one goes on.

import { expect, test } from 'vitest'
import type { Store } from '@meepo/core'
import { mortal } from '../../test-support/mortal.ts'
import { ScheduleStage } from '../../test-support/schedule-stage.ts'
import type { Meepo } from '../index.ts'

const startAt = 1_700_000_000_000
const everyTen = { cron: '*/10 * * * * *', missed: 'all' } as const
const quick = { idleMs: 0, beatMs: 1_000, missedBeats: 2 }

class Died extends Error {}

/** What a process does, and when; what is past is not done again. It dies at its so-manieth write. */
async function drive(stage: ScheduleStage, deadlyWrite = Infinity): Promise<void> {
  const one = mortal(stage.machine, stage.store)
  one.killAtWrite(deadlyWrite)
  /** Nothing that a dead process waits for comes. */
  const died = Promise.withResolvers<never>()
  died.promise.catch(() => undefined)
  const reach = <T>(promise: Promise<T>): Promise<T> => stage.until(Promise.race([promise, died.promise]))
  const seconds = (): number => (stage.machine.scheduler.now() - startAt) / 1_000
  const until = async (second: number): Promise<boolean> => {
    if (seconds() > second) return false
    while (seconds() < second) {
      await stage.run(Math.min(1, second - seconds()) * 1_000)
      if (one.isDead) throw new Died()
    }
    return true
  }
  const open = (policy: object): Promise<Meepo> => {
    const workflow = stage.workflow({ ...everyTen, ...policy })
    return reach(stage.opening([workflow], { ...quick, store: one.store, machine: one.machine }))
  }
  watchDeath()
  if (seconds() <= 25) {
    const first = await open({})
    await until(25)
    await reach(first.stop())
  }
  const last = await open({ maxMissed: 50 })
  if (await until(45)) await reach(last.workflows.pause('tick'))
  if (await until(65)) await reach(last.workflows.resume('tick'))
  await until(88)
  const [view] = await reach(last.workflows.list())
  expect(view).toMatchObject({ isPaused: false, last: { at: startAt + 80_000 }, nextAt: startAt + 90_000 })
  expect(view?.lastPassed).toBeUndefined()
  await reach(last.stop())

  function watchDeath(): void {
    if (one.isDead) died.reject(new Died())
    else stage.machine.scheduler.after(100, watchDeath, true)
  }
}

async function firesOf(stage: ScheduleStage): Promise<readonly number[]> {
  const inputs = (await stage.runs('tick')).map(({ runId }) => inputOf(stage.store, runId))
  return (await Promise.all(inputs)).toSorted((a, b) => a - b)
}

async function inputOf(store: Store, runId: string): Promise<number> {
  const [first] = await store.log.read('system', runId)
  if (first?.type !== 'run.created' || !('value' in first.data.input)) throw new Error('runs begin with their input')
  return (Number(first.data.input.value) - startAt) / 1_000
}

async function isDeadly(stage: ScheduleStage, write: number): Promise<boolean> {
  try {
    await drive(stage, write)
    return false
  } catch (thrown) {
    if (thrown instanceof Died) return true
    throw thrown
  }
}

test('whatever write was the last one, each fire happens once, and the schedule goes on as it should', async () => {
  let crashes = 0
  for (let write = 1; ; write++) {
    const stage = new ScheduleStage(startAt)
    if (!(await isDeadly(stage, write))) break
    await drive(stage)
    expect(await firesOf(stage), `died at write ${write}`).toEqual([10, 20, 30, 40, 70, 80])
    crashes++
  }
  expect(crashes).toBeGreaterThan(30)
}, 60_000)
