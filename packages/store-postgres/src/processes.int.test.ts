import type { Store } from '@meepo/core'
import { storeProcessCases, type StoreProcess, type StoreProcessContext } from '@meepo/core/testing'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, test } from 'vitest'
import { openPostgresStore } from './open.ts'
import { startPostgresServer, type PostgresServer } from './testing/server.ts'

let server: PostgresServer
let schemas = 0

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())

function startProcess(...args: readonly string[]): StoreProcess {
  const fixture = fileURLToPath(new URL('testing/process.fixture.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=meepo-source', fixture, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line))
  const ended = once(child, 'close').then(() => child.exitCode)
  const said = async (count: number): Promise<void> => {
    while (lines.length < count) await once(reader, 'line')
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return { lines, ended, said, kill }
}

test.each(storeProcessCases)('$name', async (one) => {
  const schema = `case_${++schemas}`
  const opened: Store[] = []
  const started: StoreProcess[] = []
  const context: StoreProcessContext = {
    open: async () => {
      const store = await openPostgresStore({ url: server.url, schema })
      opened.push(store)
      return store
    },
    start: (role, name) => {
      const child = startProcess(role, name, server.url, schema)
      started.push(child)
      return child
    },
  }
  try {
    await one.run(context)
  } finally {
    for (const child of started) await child.kill()
    for (const store of opened) await store.close()
  }
})
