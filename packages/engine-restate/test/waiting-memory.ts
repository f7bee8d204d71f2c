// What 5,000 runs cost that wait for a person: heap and RSS of a worker over idle. Run with --expose-gc.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { anySchema, define, type RunHandle } from '@meepo/core'
import { createEmbeddedEngine } from '@meepo/engine-embedded'
import { openSqliteStore } from '@meepo/store-sqlite'
import { createRestateDispatcher } from '../src/index.ts'
import { startRestateServer } from '../src/testing/index.ts'

const runs = 5_000
const server = await startRestateServer()
const folder = mkdtempSync(join(tmpdir(), 'meepo-waits-'))
const store = await openSqliteStore({ path: join(folder, 'meepo.db') })
const dispatcher = createRestateDispatcher({ ingressUrl: server.ingressUrl, worker: { adminUrl: server.adminUrl } })
const engine = createEmbeddedEngine({ store, dispatcher, idleMs: 0 })
const approval = define({ name: 'approval', input: anySchema, run: (ctx) => ctx.signalled('approved') })
engine.register(approval)
await (await engine.start(approval, null)).signal('approved', true)
await sleep(2_000)

const before = measure()
const began = performance.now()
const handles: RunHandle[] = []
for (let index = 0; index < runs; index += 100) {
  handles.push(...(await Promise.all(Array.from({ length: 100 }, () => engine.start(approval, null)))))
}
const waiting = async (): Promise<number> => {
  const found = await store.log.runs('system', { status: ['waiting'], limit: runs })
  return found.length
}
while ((await waiting()) < runs) await sleep(200)
console.log(`${runs} wait after ${Math.round(performance.now() - began)} ms`)
await sleep(20_000)
const after = measure()
console.log(
  `heap over idle ${(after.heap - before.heap).toFixed(1)} MB, RSS over idle ${(after.rss - before.rss).toFixed(1)} MB`,
)

const woken = performance.now()
await Promise.all(handles.map((handle) => handle.signal('approved', true)))
await Promise.all(handles.map((handle) => handle.result()))
console.log(`all done ${Math.round(performance.now() - woken)} ms after their signals`)
await engine.stop()
await store.close()
await server.remove()
rmSync(folder, { recursive: true, force: true })

function measure(): { heap: number; rss: number } {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed / 1e6, rss: rss / 1e6 }
}
