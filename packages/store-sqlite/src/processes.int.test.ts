import type { Store } from '@meepo/core'
import { storeProcessCases, type StoreProcess } from '@meepo/core/testing'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteStore } from './open.ts'

let folder = ''
let path = ''
const opened: Store[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meepo-processes-'))
  path = join(folder, 'meepo.db')
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  rmSync(folder, { recursive: true })
})

async function open(): Promise<Store> {
  const store = await openSqliteStore({ path, pollMs: 5 })
  opened.push(store)
  return store
}

function start(role: string, name: string): StoreProcess {
  const fixture = fileURLToPath(new URL('testing/process.fixture.ts', import.meta.url))
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
  const ended = once(child, 'close').then(() => child.exitCode)
  return {
    lines,
    ended,
    said: async (count) => {
      while (lines.length < count) await once(child.stdout, 'data')
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

test.each(storeProcessCases)('$name', async (one) => {
  await one.run({ open, start })
  for (const store of opened.splice(0)) await store.close()
  const db = new DatabaseSync(path)
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  db.close()
})
