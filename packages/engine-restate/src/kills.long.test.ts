import { setTimeout as sleep } from 'node:timers/promises'
import type { RunHandle, RunId, Store } from '@meepo/core'
import { createEmbeddedEngine, type EmbeddedEngine } from '@meepo/engine-embedded'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer, type PostgresServer } from '@meepo/store-postgres/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { openFleet, startCounter, type Counter, type Fleet } from '../test/fleet.ts'
import { approval, counting } from '../test/program.ts'
import { createRestateDispatcher } from './index.ts'
import { startRestateServer, type RestateServer } from './testing/index.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let postgres: PostgresServer
let restate: RestateServer
let store: Store
let fleet: Fleet
let counter: Counter
let client: EmbeddedEngine
let schemas = 0

beforeAll(async () => {
  ;[postgres, restate] = await Promise.all([startPostgresServer(), startRestateServer()])
})
afterAll(async () => {
  await restate.remove()
  await postgres.remove()
})

beforeEach(async () => {
  const schema = `fleet_${++schemas}`
  store = await openPostgresStore({ url: postgres.url, schema })
  fleet = await openFleet(postgres.url, schema, restate)
  counter = await startCounter()
  client = createEmbeddedEngine({ store, dispatcher: createRestateDispatcher({ ingressUrl: restate.ingressUrl }) })
  client.register(counting, approval)
})
afterEach(async () => {
  await client.stop({ graceMs: 0, hardLimitMs: 0 })
  await fleet.close()
  await counter.close()
  await store.close()
})

const asked = { steps: 5, children: 2 }
const perRun = asked.steps * (1 + asked.children)

function begin(runs: number): Promise<RunHandle<number>[]> {
  const input = { ...asked, url: counter.url }
  return Promise.all(Array.from({ length: runs }, () => client.start(counting, input)))
}

async function finish(handles: readonly RunHandle<number>[]): Promise<void> {
  const records = await Promise.all(handles.map((handle) => handle.result()))
  for (const record of records) expect(record).toMatchObject({ success: true, result: perRun })
}

/** What every log says of its effects is the last that was done: no step ran again after its result was recorded. */
async function checkEffects(handles: readonly RunHandle<number>[]): Promise<number> {
  let steps = 0
  const check = async (runId: RunId): Promise<void> => {
    for (const event of await store.log.read('system', runId)) {
      if (event.type === 'child.started') await check(event.data.childRunId)
      if (event.type !== 'step.completed') continue
      steps++
      expect(event.data.result).toEqual({ value: counter.counts.get(`${runId}/${event.data.number}`) })
    }
  }
  for (const { runId } of handles) await check(runId)
  expect(steps).toBe(handles.length * perRun)
  return [...counter.counts.values()].reduce((sum, count) => sum + count, 0) - steps
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(5)
}

test('two workers behind one URL share runs and children, and one that comes later gets its share', async () => {
  const first = await fleet.start()
  await fleet.start()
  const handles = await begin(60)
  await finish(handles)
  expect(await checkEffects(handles)).toBe(0)
  const shares = [...counter.byPid.values()]
  expect(shares).toHaveLength(2)
  expect(Math.min(...shares) / (60 * perRun)).toBeGreaterThan(0.3)

  await first.kill('SIGKILL')
  const late = await fleet.start()
  await finish(await begin(60))
  expect((counter.byPid.get(late.pid) ?? 0) / (60 * perRun)).toBeGreaterThan(0.3)
})

test('a worker that is killed loses no run, and no step with a recorded result runs again', async () => {
  const first = await fleet.start()
  await fleet.start()
  const handles = await begin(30)
  await until(() => counter.counts.size > 100)
  await first.kill('SIGKILL')
  const killedAt = performance.now()
  await finish(handles)
  const repeated = await checkEffects(handles)
  // One step at most of each run or child that it had.
  expect(repeated).toBeLessThanOrEqual(30 * 3)
  const again = counter.repeatedAt.find((at) => at > killedAt)
  if (again !== undefined) expect(again - killedAt).toBeLessThan(4_000)
})

test('a worker that stops gives everything to the other one, and cuts nothing off', async () => {
  const first = await fleet.start()
  await fleet.start()
  const handles = await begin(30)
  await until(() => counter.counts.size > 100)
  await first.kill('SIGTERM')
  await finish(handles)
  expect(await checkEffects(handles)).toBe(0)
})

test('a cluster that is killed stops no step: what it had forgotten or left open goes on', async () => {
  await fleet.start()
  await fleet.start()
  const handles = await begin(30)
  await until(() => counter.counts.size > 100)
  await restate.kill()
  await sleep(300)
  await restate.start()
  await finish(handles)
  expect(await checkEffects(handles)).toBe(0)
})

test('a run that waits for a person leaves every process, and goes on wherever it is woken', async () => {
  const first = await fleet.start()
  const handle = await client.start(approval, null)
  await until(async () => (await store.log.run('system', handle.runId)).status === 'waiting')
  await first.kill('SIGKILL')
  await fleet.start()
  await handle.signal('approved', true)
  expect(await handle.result()).toMatchObject({ success: true, result: true })
})

test('runs that are started while no worker is there wait for one', async () => {
  const handle = await client.start(approval, null)
  await handle.signal('approved', true)
  await fleet.start()
  expect(await handle.result()).toMatchObject({ success: true, result: true })
})
