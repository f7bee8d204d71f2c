import type { MeepoError, NewEvent, Store } from '@meepo/core'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkSqlite } from './database.ts'
import { startInline } from './inline.fixture.ts'
import { openSqliteStore, openWith } from './open.ts'

const scope = { tenant: 't' } as const
const faultModule = new URL('writer/fault.fixture.ts', import.meta.url).href
let folder = ''
let path = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meepo-open-'))
  path = join(folder, 'meepo.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

function note(message: string): NewEvent {
  return { type: 'progress.reported', at: 1, data: { message } }
}

async function createRun(store: Store, runId: string): Promise<void> {
  const run = { runId, tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
  await store.log.create(scope, run, [note('1')], 'e')
}

async function openWithRun(options: { onFatal?: (error: MeepoError) => void } = {}): Promise<Store> {
  const store = await openSqliteStore({ path, faultModule, pollMs: 5, ...options })
  await store.leases.join('e')
  await createRun(store, 'run')
  return store
}

function append(store: Store, expectedSeq: number, ...events: NewEvent[]): Promise<unknown> {
  return store.log.append(scope, { runId: 'run', epoch: 1, expectedSeq, events })
}

test('a missing folder is created', async () => {
  const deep = join(folder, 'a', 'b', 'meepo.db')
  const store = await openSqliteStore({ path: deep, durability: 'fast' })
  await store.close()
  expect(existsSync(deep)).toBe(true)
  // The last connection moved everything into the database.
  expect(existsSync(`${deep}-wal`)).toBe(false)
})

test('a file that is no database is refused and left alone', async () => {
  const content = 'not a database\n'.repeat(500)
  writeFileSync(path, content)
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'store.corrupt' })
  expect(readFileSync(path, 'utf8')).toBe(content)
})

test('a database of another program is refused', async () => {
  const db = new DatabaseSync(path)
  db.exec('CREATE TABLE theirs (a)')
  db.close()
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'store.corrupt' })
})

test('a file of a newer release is refused', async () => {
  const store = await openSqliteStore({ path })
  await store.close()
  const db = new DatabaseSync(path)
  db.exec('PRAGMA user_version = 999')
  db.close()
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'store.newer_format' })
})

test('a folder that cannot be written is refused', async () => {
  writeFileSync(join(folder, 'file'), '')
  const below = join(folder, 'file', 'meepo.db')
  await expect(openSqliteStore({ path: below })).rejects.toMatchObject({ code: 'store.not_writable' })
  mkdirSync(path)
  await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'store.not_writable' })
})

test('an SQLite with the checkpoint bug is refused', () => {
  for (const old of ['3.51.2', '3.50.9', '2.99.99']) {
    expect(() => checkSqlite(old)).toThrow(expect.objectContaining({ code: 'store.sqlite_too_old' }))
  }
  for (const good of ['3.51.3', '3.53.4', '4.0.0']) expect(() => checkSqlite(good)).not.toThrow()
})

test('a full disk rejects the appends of that commit, and later ones work again', async () => {
  const store = await openWithRun()
  writeFileSync(`${path}.fault`, 'store.before_commit 13')
  await expect(append(store, 1, note('2'))).rejects.toMatchObject({ code: 'store.disk_full' })
  expect(await store.log.read(scope, 'run')).toHaveLength(1)
  await append(store, 1, note('2'))
  expect(await store.log.read(scope, 'run')).toHaveLength(2)
  await store.close()
})

test('a failed fsync ends writing, and says so once', async () => {
  const fatal: MeepoError[] = []
  const store = await openWithRun({ onFatal: (error) => fatal.push(error) })
  writeFileSync(`${path}.fault`, 'store.before_commit 1034')
  await expect(append(store, 1, note('2'))).rejects.toMatchObject({ code: 'store.failed' })
  await expect(append(store, 1, note('2'))).rejects.toMatchObject({ code: 'store.failed' })
  expect(fatal.map((error) => error.code)).toEqual(['store.failed'])
  expect(await store.log.read(scope, 'run')).toHaveLength(1)
  await store.close()
})

test.each([
  ['store.before_commit kill', 1, null, 'SIGKILL'],
  ['store.after_commit kill', 2, null, 'SIGKILL'],
  ['store.before_commit 1034', 1, 6, null],
])('a process that ends at %s leaves %i events', async (fault, events, code, signal) => {
  const store = await openWithRun()
  await store.close()
  writeFileSync(`${path}.order`, fault)
  const script = `
    import { copyFileSync } from 'node:fs'
    import { openSqliteStore } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
    const store = await openSqliteStore(${JSON.stringify({ path, faultModule })})
    copyFileSync(${JSON.stringify(`${path}.order`)}, ${JSON.stringify(`${path}.fault`)})
    const events = [{ type: 'progress.reported', at: 1, data: {} }]
    await store.log.append('system', { runId: 'run', epoch: 1, expectedSeq: 1, events }).catch(() => undefined)
    process.stdout.write('acknowledged')
  `
  const child = spawn(process.execPath, ['--conditions=meepo-source', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: string[] = []
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  expect(await once(child, 'close')).toEqual([code, signal])
  if (code === 6) expect(said.join('')).toContain('store.failed')
  const again = await openSqliteStore({ path })
  expect(await again.log.read(scope, 'run')).toHaveLength(events)
  await again.close()
})

test('data that is not JSON is refused before it is posted', async () => {
  const store = await openWithRun()
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  // @ts-expect-error -- a cycle is no JSON, which the types forbid
  const refused = append(store, 1, { type: 'progress.reported', at: 1, data: { details: cycle } })
  await expect(refused).rejects.toMatchObject({ code: 'json.invalid' })
  await append(store, 1, note('2'))
  await store.close()
})

test('a writer thread that dies rejects what waits, and closing still works', async () => {
  const fatal: MeepoError[] = []
  const store = await openWithRun({ onFatal: (error) => fatal.push(error) })
  writeFileSync(`${path}.fault`, 'store.before_commit exit')
  await expect(append(store, 1, note('2'))).rejects.toMatchObject({ code: 'store.failed' })
  expect(fatal).toHaveLength(1)
  await expect(store.leases.beat('e')).rejects.toMatchObject({ code: 'store.failed' })
  await store.close()
  await expect(store.leases.beat('e')).rejects.toMatchObject({ code: 'store.closed' })
})

test('a damaged file is reported by whoever reads it', async () => {
  const store = await openWithRun()
  await append(store, 1, note('2'))
  await store.close()
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0x5a, 8_192))
  const use = async (): Promise<unknown> => {
    await using stack = new AsyncDisposableStack()
    const opened = await openSqliteStore({ path })
    stack.defer(() => opened.close())
    return await opened.log.read(scope, 'run')
  }
  await expect(use()).rejects.toMatchObject({ code: 'store.corrupt' })
})

test('a writer says why it cannot use its database, in a thread or not', async () => {
  const refused = openWith(startInline, { path: folder })
  await expect(refused).rejects.toMatchObject({ code: 'store.not_writable' })
  const faulty = openWith(startInline, { path, faultModule: 'data:text/javascript,export{}' })
  await expect(faulty).rejects.toMatchObject({ code: 'store.failed' })
  const wrong = openWith(startInline, { path, faultModule: 'data:text/javascript,export const faultPoint = 1' })
  await expect(wrong).rejects.toThrow('no function')
  const points = 'data:text/javascript,export const faultPoint = () => { throw new Error("planted") }'
  const store = await openWith(startInline, { path, faultModule: points })
  await expect(store.leases.join('e')).rejects.toThrow('planted')
  await store.close()
})

test('a fault module must export faultPoint', async () => {
  await expect(openSqliteStore({ path, faultModule: 'data:text/javascript,export{}' })).rejects.toThrow('faultPoint')
  const wrong = 'data:text/javascript,export const faultPoint = 1'
  await expect(openSqliteStore({ path, faultModule: wrong })).rejects.toThrow('faultPoint')
})

test('a long log is read and followed in slices, and a slow consumer loses nothing', async () => {
  const store = await openWithRun()
  const events = Array.from({ length: 1_300 }, (_, index) => note(String(index + 2)))
  await append(store, 1, ...events)
  expect((await store.log.read(scope, 'run')).length).toBe(1_301)
  const tail = store.log.followAll('system', {})[Symbol.asyncIterator]()
  const run = store.log.follow(scope, 'run', {})[Symbol.asyncIterator]()
  await run.next()
  await tail.next()
  // More than a follower keeps: it finds the rest in the database.
  for (let index = 0; index < 20; index++) {
    await append(store, 1_301 + index * 20, ...Array.from({ length: 20 }, () => note('more')))
  }
  for (let seq = 2; seq <= 1_701; seq++) expect((await run.next()).value?.seq).toBe(seq)
  for (let cursor = 2; cursor <= 1_701; cursor++) expect((await tail.next()).value?.cursor).toBe(cursor)
  await run.return?.()
  await tail.return?.()
  await store.close()
})

test('lists and retention go over more runs than one step takes', async () => {
  const store = await openWithRun()
  await Promise.all(Array.from({ length: 600 }, (_, index) => createRun(store, `run-${index}`)))
  expect(await store.log.runs(scope)).toHaveLength(601)
  expect(await store.log.runs(scope, { limit: 550 })).toHaveLength(550)
  const end: NewEvent = { type: 'run.completed', at: 9, data: { result: { value: 1 } } }
  await Promise.all(
    Array.from({ length: 600 }, (_, index) =>
      store.log.append(scope, { runId: `run-${index}`, epoch: 1, expectedSeq: 1, events: [end] }),
    ),
  )
  expect(await store.log.forget(scope, 10)).toBe(600)
  expect((await store.log.runs(scope)).map((run) => run.runId)).toEqual(['run'])
  await store.close()
})

test('blobs that no event ever named go with retention', async () => {
  const store = await openWithRun()
  await store.blobs.put(scope, 'orphan', 'text')
  await store.log.forget(scope, 10)
  expect(await store.blobs.get(scope, 'orphan')).toBe('text')
  await store.log.forget(scope, 9e15)
  await expect(store.blobs.get(scope, 'orphan')).rejects.toMatchObject({ code: 'store.failed' })
  await store.close()
})

test('a clean close leaves one file: the log of SQLite goes with the last connection', async () => {
  const store = await openSqliteStore({ path })
  await store.leases.join('e')
  await store.close()
  expect([existsSync(path), existsSync(`${path}-wal`), existsSync(`${path}-shm`)]).toEqual([true, false, false])
})
