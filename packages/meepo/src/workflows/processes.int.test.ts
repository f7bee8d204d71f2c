import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer, type PostgresServer } from '@meepo/store-postgres/testing'
import { openSqliteStore } from '@meepo/store-sqlite'
import { schedulerName, type RunSummary, type ScheduleData, type Store } from '@meepo/core'

const fixture = fileURLToPath(new URL('../../test-support/ticker.fixture.ts', import.meta.url))

const kinds = ['a file', 'PostgreSQL'] as const
let server: PostgresServer
let databases = 0

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())

/** The address of a database of its own. */
async function database(kind: (typeof kinds)[number]): Promise<string> {
  if (kind === 'PostgreSQL') {
    const name = `case_${++databases}`
    await server.admin(`CREATE DATABASE ${name}`)
    return server.url.replace(/\/postgres$/, `/${name}`)
  }
  const path = mkdtempSync(join(tmpdir(), 'meepo-workflows-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return join(path, 'meepo.db')
}

function open(address: string): Promise<Store> {
  return address.startsWith('postgres:') ? openPostgresStore({ url: address }) : openSqliteStore({ path: address })
}

/** A process that keeps the schedule for so long; resolves to the fires whose runs it did. */
function keep(file: string, name: string, schedule: ScheduleData, ms: number) {
  const args = ['--conditions=meepo-source', fixture, file, name, JSON.stringify(schedule), String(ms)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const fires: number[] = []
  const ready = Promise.withResolvers<void>()
  const ended = new Promise<readonly number[]>((resolve) => child.on('close', () => resolve(fires)))
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') ready.resolve()
    else fires.push(Number(line.split(' ')[1]))
  })
  return { ready: ready.promise, ended, kill: (): void => void child.kill('SIGKILL') }
}

async function runsOf(file: string, definition: string): Promise<readonly RunSummary[]> {
  const store = await open(file)
  const runs = await store.log.runs('system', { definition })
  await store.close()
  return runs
}

const everySecond = { cron: '* * * * * *', missed: 'all' } as const

function everySecondOf(fires: readonly number[]): readonly number[] {
  const first = Math.min(...fires)
  return fires.map((_, index) => first + index * 1_000)
}

describe.each(kinds)('on %s', (kind) => {
  test('three processes do each fire of a schedule exactly once, also when one is killed', async () => {
    const file = await database(kind)
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
    const file = await database(kind)
    const old = keep(file, 'old', everySecond, 5_500)
    await old.ready
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const next = keep(file, 'new', { cron: '*/2 * * * * *', missed: 'all' }, 4_000)
    await next.ready
    const changedAt = Date.now()
    const fires = (await Promise.all([old.ended, next.ended])).flat().toSorted((a, b) => a - b)
    expect(new Set(fires).size).toBe(fires.length)
    const later = fires.filter((at) => at > changedAt + 500)
    expect(later.length).toBeGreaterThan(0)
    expect(later.every((at) => at % 2_000 === 0)).toBe(true)
    const schedulers = await runsOf(file, schedulerName('tick'))
    expect(schedulers.map(({ status }) => status)).toEqual(['waiting', 'cancelled'])
  })

  test.each(['all', 'latest'] as const)('after a time without any process: %s', async (missed) => {
    const file = await database(kind)
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
})
