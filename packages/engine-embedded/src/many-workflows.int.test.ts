import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anySchema, define, type Store } from '@meepo/core'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer } from '@meepo/store-postgres/testing'
import { openSqliteStore } from '@meepo/store-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createEmbeddedEngine } from './index.ts'

test('of 120 workflows, ten at a time run on two engines that share a file, by priority', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-workflows-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await runMany(() => openSqliteStore({ path: join(folder, 'meepo.db'), durability: 'fast', pollMs: 5 }))
})

test('of 120 workflows, ten at a time run on two engines that share a database of PostgreSQL, by priority', async () => {
  const server = await startPostgresServer()
  onTestFinished(() => server.remove())
  await runMany(() => openPostgresStore({ url: server.url }))
})

async function runMany(open: () => Promise<Store>): Promise<void> {
  let now = 0
  let most = 0
  const begun: number[] = []
  const task = define({ name: 'task', input: anySchema, run: (ctx) => ctx.sleep(5).then(() => 1) })
  const workflow = define({
    name: 'workflow',
    input: anySchema,
    isWorkflow: true,
    uses: [task],
    run: async (ctx, priority) => {
      await ctx.step('begin', { effect: 'read' }, async () => {
        begun.push(Number(priority))
        most = Math.max(most, ++now)
        return null
      })
      await Promise.all([1, 2, 3].map((index) => ctx.child(task, `task ${index}`, null)))
      return ctx.step('end', { effect: 'read' }, async () => --now)
    },
  })
  const stores = await Promise.all([0, 1].map(open))
  const engines = stores.map((store, index) => {
    const engine = createEmbeddedEngine({ store, maxConcurrentWorkflows: 10, idleMs: index * 10_000 })
    engine.register(workflow)
    return engine
  })
  try {
    await Promise.all(engines.map((engine) => engine.begin()))
    const [first, second] = engines
    if (!first || !second) throw new Error('there are two engines')
    const handles = await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        (index % 2 === 0 ? first : second).start(workflow, index % 3, { priority: index % 3 }),
      ),
    )
    const records = await Promise.all(handles.map((handle) => handle.result()))
    expect(records.filter(({ success }) => success)).toHaveLength(120)
    expect(most).toBe(10)
    // All but those that were there before the others came.
    expect(begun.slice(-30)).toEqual(Array.from({ length: 30 }, () => 0))
    expect(await stores[0]?.leases.claim(first.id, { limit: 1, definitions: ['workflow@1'] })).toEqual([])
  } finally {
    await Promise.all(engines.map((engine) => engine.stop()))
    for (const store of stores) await store.close()
  }
}
