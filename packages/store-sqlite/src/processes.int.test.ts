import type { Store } from '@meepo/core'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteStore } from './open.ts'

const scope = { tenant: 't' } as const
let folder = ''
let path = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meepo-processes-'))
  path = join(folder, 'meepo.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Started {
  readonly process: ChildProcess
  readonly lines: string[]
  readonly ended: Promise<readonly unknown[]>
}

function start(role: string, name: string): Started {
  const fixture = fileURLToPath(new URL('process.fixture.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=meepo-source', fixture, role, path, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  return { process: child, lines, ended: once(child, 'close') }
}

async function untilLines(started: Started, count: number): Promise<void> {
  while (started.lines.length < count) await once(started.process.stdout ?? started.process, 'data')
}

async function check(store: Store, lines: readonly string[]): Promise<void> {
  const last = new Map(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]))
  for (const [runId, seq] of last) {
    const events = await store.log.read(scope, runId)
    expect(events.length).toBeGreaterThanOrEqual(seq)
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1))
    expect(events.map(({ data }) => data)).toEqual(events.map((_, index) => ({ message: String(index + 1) })))
  }
}

test('everything acknowledged survives kill -9 of three writing processes', async () => {
  const writers = ['a', 'b', 'c'].map((name) => start('write', name))
  await Promise.all(writers.map((writer) => untilLines(writer, 300)))
  for (const writer of writers) writer.process.kill('SIGKILL')
  await Promise.all(writers.map((writer) => writer.ended))
  const store = await openSqliteStore({ path })
  for (const writer of writers) await check(store, writer.lines)
  expect(await store.log.runs(scope)).toHaveLength(30)
  await store.close()
  const db = new DatabaseSync(path)
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  db.close()
})

test('processes share runs and claim none twice', async () => {
  const store = await openSqliteStore({ path })
  const ids = Array.from({ length: 200 }, (_, index) => `run-${index}`)
  const at = { definition: 'd', version: '1', tenant: 't', priority: 0, fingerprint: 'f' }
  await Promise.all(
    ids.map((runId) =>
      store.log.create(scope, { ...at, runId, sessionId: runId }, [
        { type: 'progress.reported', at: 1, data: { message: 'created' } },
      ]),
    ),
  )
  const claimers = ['a', 'b', 'c', 'd'].map((name) => start('claim', name))
  await Promise.all(claimers.map((claimer) => claimer.ended))
  const claimed = claimers.flatMap((claimer) => claimer.lines.map((line) => line.split(' ')[0] ?? ''))
  expect(claimed).toHaveLength(ids.length)
  expect(new Set(claimed)).toEqual(new Set(ids))
  const statuses = new Set((await store.log.runs(scope)).map((run) => `${run.status} ${run.lastSeq}`))
  expect([...statuses]).toEqual(['completed 3'])
  await store.close()
})

test('an open store lets the process end, but not before its writes are durable', async () => {
  const idle = start('idle', 'late')
  expect(await idle.ended).toEqual([0, null])
  const store = await openSqliteStore({ path })
  expect((await store.log.read(scope, 'late')).length).toBe(1)
  await store.close()
})

test('a follower hears of the writes of another process', async () => {
  const store = await openSqliteStore({ path, pollMs: 5 })
  const writer = start('write', 'w')
  await untilLines(writer, 50)
  const seen: number[] = []
  for await (const event of store.log.follow(scope, 'w-0', {})) {
    seen.push(event.seq)
    if (seen.length === 1_200) break
  }
  writer.process.kill('SIGKILL')
  await writer.ended
  expect(seen).toEqual(seen.map((_, index) => index + 1))
  await store.close()
})

async function sumOfLedger(store: Store): Promise<bigint> {
  const lines = await store.money.ledger(scope, { limit: 10_000 })
  return lines.reduce((sum, { entry }) => sum + BigInt(entry.cost.picoDollars ?? '0'), 0n)
}

test('processes that spend from one hard limit never exceed it, and one that dies leaves only what was under way', async () => {
  const spenders = ['a', 'b', 'c'].map((name) => start('spend', name))
  const [victim, ...others] = spenders
  if (!victim) throw new Error('nobody spends')
  await untilLines(victim, 100)
  victim.process.kill('SIGKILL')
  await Promise.all(spenders.map((one) => one.ended))
  const store = await openSqliteStore({ path })
  const [hard] = await store.money.balances(['hard'])
  const open = await store.money.reservations(scope)
  expect(BigInt(hard?.settled ?? 0) + BigInt(hard?.reserved ?? 0)).toBeLessThanOrEqual(100_000n)
  expect(BigInt(hard?.reserved ?? 0)).toBe(BigInt(open.length * 37))
  expect(open.length).toBeLessThanOrEqual(20)
  expect(open.every(({ id }) => id.startsWith('a/'))).toBe(true)
  // Nothing acknowledged is missing, and what is left is less than one call.
  const ids = new Set((await store.money.ledger(scope, { limit: 10_000 })).map(({ id }) => id))
  for (const { lines } of spenders) for (const line of lines) expect(ids).toContain(line.split(' ')[0])
  expect(others.every(({ lines }) => lines.length > 0)).toBe(true)
  expect(await sumOfLedger(store)).toBe(BigInt(hard?.settled ?? 0))
  expect(BigInt(hard?.settled ?? 0) + BigInt(hard?.reserved ?? 0)).toBeGreaterThan(100_000n - 37n)
  expect((await store.money.sweep(2)).length).toBe(open.length)
  const [swept] = await store.money.balances(['hard'])
  expect([swept?.reserved, BigInt(swept?.settled ?? 0) <= 100_000n]).toEqual(['0', true])
  const [total] = await store.money.report(scope, { by: 'total' })
  expect(BigInt(total?.picoDollars ?? 0)).toBe(await sumOfLedger(store))
  await store.close()
})
