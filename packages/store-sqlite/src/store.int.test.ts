import { storeCasesFor } from '@meepo/core/testing'
import type { Store } from '@meepo/core'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { startThread, type StartWriter } from './client/thread.ts'
import { openWith } from './open.ts'
import { startInline } from './inline.fixture.ts'

const capabilities = { durable: true, processes: true }

/** The same cases with the writer in its thread, as shipped, and in this one, where coverage sees it. */
const ways: readonly (readonly [string, StartWriter])[] = [
  ['writer thread', startThread],
  ['inline writer', startInline],
]

describe.each(ways)('%s', (_, startWriter) => {
  test.each(storeCasesFor(capabilities))('$name', async (one) => {
    const folder = mkdtempSync(join(tmpdir(), 'meepo-store-'))
    const opened: Store[] = []
    const open = async (): Promise<Store> => {
      const store = await openWith(startWriter, { path: join(folder, 'meepo.db'), pollMs: 5 })
      opened.push(store)
      return store
    }
    try {
      await one.run({ capabilities, open, openAgain: open })
    } finally {
      for (const store of opened) await store.close()
      rmSync(folder, { recursive: true })
    }
  })
})
