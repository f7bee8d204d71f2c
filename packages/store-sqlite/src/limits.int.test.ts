import type { Limit } from '@meepo/core'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteStore } from './open.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meepo-limits-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** What a process told: at what time, an amount, `began` or `ended`, and whose call it was. */
interface Line {
  readonly at: number
  readonly what: string
  readonly tenant: string
}

interface Started {
  readonly process: ChildProcess
  readonly lines: Line[]
  readonly ended: Promise<unknown>
}

/** How many calls each tenant makes at a time. */
type Tenants = Readonly<Record<string, number>>

function start(
  name: string,
  limits: readonly Limit[],
  ms: number,
  holdMs = 0,
  tenants: Tenants = { [name]: 12 },
): Started {
  const fixture = fileURLToPath(new URL('limits.fixture.ts', import.meta.url))
  const options = [join(folder, 'meepo.db'), name, JSON.stringify(limits), String(ms), String(holdMs)].concat(
    JSON.stringify(tenants),
  )
  const child = spawn(process.execPath, ['--conditions=meepo-source', fixture, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Line[] = []
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const [at, what = '', tenant = ''] = part.split(' ')
      lines.push({ at: Number(at), what, tenant })
    }
  })
  return { process: child, lines, ended: once(child, 'close') }
}

interface Grant {
  readonly at: number
  readonly amount: number
  readonly tenant: string
}

function grantsOf(started: readonly Started[]): Grant[] {
  const lines = started.flatMap(({ lines: told }) => told)
  const grants = lines.filter(({ what }) => !Number.isNaN(Number(what)))
  return grants.map(({ at, what, tenant }) => ({ at, amount: Number(what), tenant })).toSorted((a, b) => a.at - b.at)
}

test('three processes on one file use a shared rate nearly whole and never exceed it', async () => {
  const rate: Limit = { name: 'rate', scope: 'key', counts: 'tokens', amount: 4_000, per: 'second', burst: 400 }
  const all = ['a', 'b', 'c'].map((name) => start(name, [rate], 3_000))
  await Promise.all(all.map(({ ended }) => ended))
  const grants = grantsOf(all)
  // A grant is told after it was decided, by the time of a commit and of a turn of a busy event loop.
  const lateMs = 150
  for (const [from, first] of grants.entries()) {
    let used = 0
    for (const { at, amount } of grants.slice(from)) {
      used += amount
      expect(used).toBeLessThanOrEqual(400 + 4 * (at - first.at + lateMs))
    }
  }
  const begin = Math.max(...all.map(({ lines }) => lines[0]?.at ?? 0))
  const between = grants.filter(({ at }) => at > begin + 200 && at <= begin + 2_700)
  const used = between.reduce((sum, { amount }) => sum + amount, 0)
  expect(used / (2.5 * 4_000)).toBeGreaterThanOrEqual(0.95)
})

test('a small tenant of one process gets its share beside a greedy one of three, and no process starves', async () => {
  const rate: Limit = { name: 'rate', scope: 'key', counts: 'tokens', amount: 2_000, per: 'second', burst: 1_000 }
  const all = ['a', 'b', 'c'].map((name) =>
    start(name, [rate], 4_000, 0, name === 'a' ? { greedy: 8, small: 4 } : { greedy: 12 }),
  )
  await Promise.all(all.map(({ ended }) => ended))
  const begin = Math.max(...all.map(({ lines }) => lines[0]?.at ?? 0))
  // The burst is gone after a second, and the first process may end a little before the last.
  const from = begin + 1_000
  const until = Math.min(...all.map(({ lines }) => lines[0]?.at ?? 0)) + 3_900
  const sum = (grants: readonly Grant[]): number =>
    grants.filter(({ at }) => at > from && at <= until).reduce((used, { amount }) => used + amount, 0)
  const total = sum(grantsOf(all))
  expect(total / (2 * (until - from))).toBeGreaterThanOrEqual(0.95)
  // Two tenants wait all the time: half of it each, give or take the calls under way at either end.
  const small = sum(grantsOf(all).filter(({ tenant }) => tenant === 'small'))
  expect(small / total).toBeGreaterThan(0.45)
  expect(small / total).toBeLessThan(0.55)
  for (const one of all) expect(sum(grantsOf([one]).filter(({ tenant }) => tenant === 'greedy'))).toBeGreaterThan(0)
})

test('slots are shared by processes, and those of a killed one are free after its time', async () => {
  const slots: Limit = { name: 'slots', scope: 'key', counts: 'concurrent', amount: 6 }
  const killed = start('killed', [slots], 60_000, 60_000)
  while (killed.lines.length < 7) await once(killed.process.stdout ?? killed.process, 'data')
  const survivor = start('survivor', [slots], 1_500, 40)
  while (survivor.lines.length < 1) await once(survivor.process.stdout ?? survivor.process, 'data')
  const killedAt = Number(process.hrtime.bigint()) / 1e6
  killed.process.kill('SIGKILL')
  await killed.ended
  await survivor.ended
  let open = 0
  for (const { what } of survivor.lines.slice(1)) {
    open += what === 'ended' ? -1 : 1
    expect(open).toBeLessThanOrEqual(6)
  }
  const first = survivor.lines[1]?.at ?? 0
  // The last beat was up to 200 ms before the kill.
  expect(first - killedAt).toBeGreaterThan(300)
  expect(first - killedAt).toBeLessThan(15_000)
  const store = await openSqliteStore({ path: join(folder, 'meepo.db') })
  expect((await store.counters.inspect()).buckets.filter(({ open: left }) => left > 0)).toEqual([])
  await store.close()
})
