import { anySchema, define } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import { createEmbeddedEngine, type EmbeddedEngine, type EngineNotice } from '@meepo/engine-embedded'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createRestateDispatcher } from './index.ts'
import { startRestateCluster, type RestateCluster } from './testing/index.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let cluster: RestateCluster

beforeAll(async () => {
  cluster = await startRestateCluster()
})
afterAll(() => cluster.remove())

const part = define({
  name: 'part',
  input: anySchema,
  run: async (ctx) => {
    for (let index = 0; index < 5; index++) {
      await ctx.step('work', { effect: 'idempotent' }, () => new Promise((resolve) => setTimeout(resolve, 20)))
      await ctx.sleep(5)
    }
    return 1
  },
})
const whole = define({
  name: 'whole',
  input: anySchema,
  uses: [part],
  run: async (ctx) => (await Promise.all(['a', 'b', 'c'].map((id) => ctx.child(part, id, null)))).length,
})

test('one of three nodes dies under runs: all of them finish, and starts at the other nodes go on', async () => {
  const store = createMemoryStore()
  const notices: EngineNotice[] = []
  const [first, second, third] = cluster.nodes
  const open = (ingressUrl: string, adminUrl?: string): EmbeddedEngine => {
    const worker = adminUrl === undefined ? {} : { worker: { adminUrl } }
    const dispatcher = createRestateDispatcher({ ingressUrl, ...worker })
    const engine = createEmbeddedEngine({ store, dispatcher, idleMs: 0, onNotice: (notice) => notices.push(notice) })
    engine.register(whole)
    return engine
  }
  const worker = open(second!.ingressUrl, second!.adminUrl)
  await worker.begin()
  const client = open(third!.ingressUrl)
  const start = (): Promise<unknown>[] =>
    Array.from({ length: 60 }, async () => (await client.start(whole, null)).result())
  const before = start()
  await vi.waitUntil(async () => (await store.log.runs('system', { status: ['completed'] })).length > 20, {
    timeout: 60_000,
  })
  await first!.kill()
  const all = await Promise.all([...before, ...start()])
  for (const record of all) expect(record).toMatchObject({ success: true, result: 3 })
  // On a busy machine a node may be silent, or not know of the workers yet, while another one takes the place of the dead:
  // then it is asked again, and nobody who started a run hears of it.
  const passing = new Set<string>(['engine.unreachable', 'engine.no_worker'])
  expect(notices.filter(({ code }) => !passing.has(code))).toEqual([])
  await client.stop()
  await worker.stop()
})
