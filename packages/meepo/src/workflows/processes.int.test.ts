import { expect, test } from 'vitest'
import { openSqliteStore } from '@meepo/store-sqlite'
import { schedulerName, type RunSummary, type ScheduleData } from '@meepo/core'
import { databaseFile, startFixture } from '../../test-support/process.ts'

/** A process that keeps the schedule for so long; resolves to the fires whose runs it did. */
function keep(file: string, name: string, schedule: ScheduleData, ms: number) {
  const { ready, ended, kill } = startFixture('ticker.fixture.ts', file, name, JSON.stringify(schedule), String(ms))
  return { ready, kill, ended: ended.then((lines) => lines.map((line) => Number(line.split(' ')[1]))) }
}

async function runsOf(file: string, definition: string): Promise<readonly RunSummary[]> {
  const store = await openSqliteStore({ path: file })
  const runs = await store.log.runs('system', { definition })
  await store.close()
  return runs
}

const everySecond = { cron: '* * * * * *', missed: 'all' } as const

function everySecondOf(fires: readonly number[]): readonly number[] {
  const first = Math.min(...fires)
  return fires.map((_, index) => first + index * 1_000)
}

test('three processes on one file do each fire of a schedule exactly once, also when one is killed', async () => {
  const file = databaseFile()
  const processes = ['a', 'b', 'c'].map((name) => keep(file, name, everySecond, 6_000))
  await Promise.all(processes.map(({ ready }) => ready))
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  processes[0]?.kill()
  const fires = (await Promise.all(processes.map(({ ended }) => ended))).flat().toSorted((a, b) => a - b)
  expect(fires.length).toBeGreaterThanOrEqual(5)
  const runs = await runsOf(file, 'tick')
  // Whoever was killed may have done one that it could not say; another one did it again.
  expect(new Set(fires).size).toBe(runs.length)
  expect([...new Set(fires)]).toEqual(everySecondOf([...new Set(fires)]))
  expect(await runsOf(file, schedulerName('tick'))).toHaveLength(1)
})

test('two versions of a schedule at once: the last one to begin keeps it, and both fire nothing twice', async () => {
  const file = databaseFile()
  const old = keep(file, 'old', everySecond, 7_500)
  await old.ready
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const next = keep(file, 'new', { cron: '*/2 * * * * *', missed: 'all' }, 6_000)
  await next.ready
  const changedAt = Date.now()
  const fires = (await Promise.all([old.ended, next.ended])).flat().toSorted((a, b) => a - b)
  expect(new Set(fires).size).toBe(fires.length)
  const later = fires.filter((at) => at > changedAt + 2_000)
  expect(later.length).toBeGreaterThan(0)
  expect(later.every((at) => at % 2_000 === 0)).toBe(true)
  const schedulers = await runsOf(file, schedulerName('tick'))
  expect(schedulers).toHaveLength(2)
  expect(schedulers[0]?.status).toBe('waiting')
})

test.each(['all', 'latest'] as const)('after a time without any process: %s', async (missed) => {
  const file = databaseFile()
  const schedule = { cron: '* * * * * *', missed }
  const before = keep(file, 'a', schedule, 1_500)
  const early = await before.ended
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const late = await keep(file, 'b', schedule, 2_000).ended
  const fires = [...early, ...late].toSorted((a, b) => a - b)
  expect(new Set(fires).size).toBe(fires.length)
  const gaps = fires.slice(1).map((at, index) => at - (fires[index] ?? at))
  if (missed === 'all') expect(new Set(gaps)).toEqual(new Set([1_000]))
  // The last one of those that were missed ran; the others are the gap.
  else expect(Math.max(...gaps)).toBeGreaterThanOrEqual(3_000)
})
