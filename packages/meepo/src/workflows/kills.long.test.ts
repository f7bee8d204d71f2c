// Processes on one store that are killed just when they hold something.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer } from '@meepo/store-postgres/testing'
import { openSqliteStore } from '@meepo/store-sqlite'
import { schedulerName, type RunSummary, type Store } from '@meepo/core'
import { databaseFile, startFixture, type FixtureProcess } from '../../test-support/process.ts'

/** An address for processes, and the same store for the test. */
async function openDatabase(kind: 'a file' | 'PostgreSQL'): Promise<{ file: string; store: Store }> {
  const server = kind === 'PostgreSQL' ? await startPostgresServer() : undefined
  if (server) onTestFinished(() => server.remove())
  const file = server?.url ?? databaseFile()
  const store = await (server ? openPostgresStore({ url: file }) : openSqliteStore({ path: file }))
  onTestFinished(() => store.close())
  return { file, store }
}

const kinds = ['a file', 'PostgreSQL'] as const

/** Processes by the id of their engine. Each that is killed has a successor. */
class Crew {
  readonly #start: () => FixtureProcess
  readonly #byId = new Map<string, FixtureProcess>()
  readonly #joining: Promise<void>[] = []
  kills = 0

  constructor(start: () => FixtureProcess) {
    this.#start = start
  }

  async add(count: number): Promise<void> {
    const join = async (process: FixtureProcess): Promise<void> => void this.#byId.set(await process.ready, process)
    await Promise.all(Array.from({ length: count }, () => join(this.#start())))
  }

  /** Kills the first of these engines that is one of the crew's. */
  killOne(owners: readonly (string | undefined)[]): boolean {
    const found = owners.find((owner) => owner !== undefined && this.#byId.has(owner))
    if (found === undefined) return false
    this.#byId.get(found)?.kill()
    this.#byId.delete(found)
    this.kills++
    this.#joining.push(this.add(1))
    return true
  }

  async end(): Promise<void> {
    await Promise.all(this.#joining)
    for (const process of this.#byId.values()) process.kill()
  }
}

const hasEnded = ({ endedAt }: RunSummary): boolean => endedAt !== undefined

test.each(kinds)(
  'on %s never more workflows at once than places, and all end, while holders are killed',
  async (kind) => {
    const { file, store } = await openDatabase(kind)
    const starter = startFixture('places.fixture.ts', file, '90')
    const crew = new Crew(() => startFixture('places.fixture.ts', file, '0'))
    await Promise.all([starter.ready, crew.add(3)])
    let most = 0
    let lastKill = 0
    const read = (): Promise<readonly RunSummary[]> => store.log.runs('system', { definition: 'placed' })
    let runs = await read()
    for (const until = Date.now() + 45_000; Date.now() < until && !runs.every(hasEnded); runs = await read()) {
      const running = runs.filter(({ status }) => status === 'running')
      most = Math.max(most, running.length)
      const isTime = crew.kills < 3 && Date.now() - lastKill > 700
      if (isTime && crew.killOne(running.map(({ owner }) => owner))) lastKill = Date.now()
      await sleep(5)
    }
    await crew.end()
    starter.kill()
    expect(most).toBe(3)
    expect(crew.kills).toBe(3)
    expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: 90 }, () => 'completed'))
    // Those that came first are not left behind for those that came last.
    const ends = runs.toReversed().map(({ endedAt = Infinity }) => endedAt)
    expect(Math.max(...ends.slice(0, 30))).toBeLessThan(Math.max(...ends.slice(-10)))
  },
  60_000,
)

test.each(kinds)(
  'on %s each fire happens exactly once, while whoever keeps the schedule is killed',
  async (kind) => {
    const { file, store } = await openDatabase(kind)
    const schedule = JSON.stringify({ cron: '* * * * * *', missed: 'all' })
    const crew = new Crew(() => startFixture('ticker.fixture.ts', file, 'x', schedule, '60000'))
    await crew.add(3)
    for (let lastKill = Date.now(); crew.kills < 3; await sleep(5)) {
      if (Date.now() - lastKill < 1_300) continue
      const schedulers = await store.log.runs('system', { definition: schedulerName('tick') })
      if (crew.killOne(schedulers.map(({ owner }) => owner))) lastKill = Date.now()
    }
    // The last one that was killed is noticed, and what it missed is made up for.
    await sleep(4_000)
    await crew.end()
    const runs = (await store.log.runs('system', { definition: 'tick' })).toReversed()
    const inputs = await Promise.all(
      runs.map(async ({ runId }) => {
        const [first] = await store.log.read('system', runId)
        return first?.type === 'run.created' && 'value' in first.data.input ? Number(first.data.input.value) : 0
      }),
    )
    const [begin = 0] = inputs
    expect(inputs.length).toBeGreaterThanOrEqual(6)
    expect(inputs).toEqual(inputs.map((_, index) => begin + index * 1_000))
  },
  60_000,
)
