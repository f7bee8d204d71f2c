import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { anySchema, define, type Store } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import { createEmbeddedEngine, type EmbeddedEngine, type EngineNotice } from '@meepo/engine-embedded'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createRestateDispatcher, serviceName, type RestateOptions } from './index.ts'
import { startRestateServer, type RestateServer } from './testing/index.ts'
import { freePorts } from './testing/node.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const quick = define({
  name: 'quick',
  input: anySchema,
  run: (ctx) => ctx.step('one', { effect: 'read' }, async () => 1),
})
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9'

let server: RestateServer
let store: Store
let notices: EngineNotice[]
let engines: EmbeddedEngine[]
let namespaces = 0

beforeAll(async () => {
  server = await startRestateServer()
})
afterAll(() => server.remove())
beforeEach(() => {
  store = createMemoryStore()
  notices = []
  engines = []
  namespaces++
})
afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.stop({ graceMs: 0, hardLimitMs: 0 })))
})

function open(change: Partial<RestateOptions> = {}): EmbeddedEngine {
  const { ingressUrl, adminUrl } = server
  const namespace = `trouble${namespaces}`
  const dispatcher = createRestateDispatcher({ ingressUrl, namespace, worker: { adminUrl }, ...change })
  const engine = createEmbeddedEngine({ store, dispatcher, onNotice: (notice) => notices.push(notice) })
  engine.register(quick)
  engines.push(engine)
  return engine
}

test('a worker whose cluster is down does not begin, and says so', async () => {
  const engine = open({ worker: { adminUrl: nowhere } })
  await expect(engine.begin()).rejects.toMatchObject({ code: 'engine.unreachable', retryable: true })
  await expect(engine.start(quick, null)).rejects.toMatchObject({ code: 'engine.unreachable' })
  expect(await store.log.runs('system')).toEqual([])
})

test('a worker that begins while its cluster is down can begin later', async () => {
  const own = await startRestateServer()
  await own.kill()
  const engine = open({ ingressUrl: own.ingressUrl, worker: { adminUrl: own.adminUrl } })
  await expect(engine.begin()).rejects.toMatchObject({ code: 'engine.unreachable' })
  await own.start()
  const { result } = await (await engine.start(quick, null)).result()
  expect(result).toBe(1)
  await engine.stop()
  await own.remove()
})

test('runs started while the cluster is down are durable, and go on when it is up', async () => {
  const own = await startRestateServer()
  const engine = open({ ingressUrl: own.ingressUrl, worker: { adminUrl: own.adminUrl } })
  await engine.begin()
  await own.kill()
  const handle = await engine.start(quick, null)
  await vi.waitUntil(() => notices.length > 0, { timeout: 10_000 })
  expect(notices[0]?.code).toBe('engine.unreachable')
  await own.start()
  expect((await handle.result()).result).toBe(1)
  await engine.stop()
  await own.remove()
})

test('a start without any worker waits in the store, and says so', async () => {
  const client = open({ worker: undefined as never })
  const handle = await client.start(quick, null)
  await vi.waitUntil(() => notices.length > 0, { timeout: 10_000 })
  expect(notices[0]?.code).toBe('engine.no_worker')
  await open().begin()
  expect((await handle.result()).result).toBe(1)
})

test('a worker that the cluster forgot makes itself known again', async () => {
  const engine = open()
  expect((await (await engine.start(quick, null)).result()).result).toBe(1)
  const { deployments } = (await (await fetch(`${server.adminUrl}/deployments`)).json()) as {
    deployments: { id: string; services: { name: string }[] }[]
  }
  const name = serviceName(`trouble${namespaces}`, 'quick@1')
  const mine = deployments.find(({ services }) => services.some((service) => service.name === name))
  const removed = await fetch(`${server.adminUrl}/deployments/${mine?.id}?force=true`, { method: 'DELETE' })
  expect(removed.ok).toBe(true)
  expect((await (await engine.start(quick, null)).result()).result).toBe(1)
  expect(notices[0]?.code).toBe('engine.no_worker')
})

test('a port that is taken, and addresses that are none, are refused', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  await expect(open({ worker: { port } }).begin()).rejects.toMatchObject({ code: 'config.invalid' })
  taken.close()
  engines = []
  for (const wrong of [
    { ingressUrl: 'ftp://127.0.0.1' },
    { namespace: 'a b' },
    { worker: { adminUrl: 'nothing' } },
    { worker: { url: '' } },
  ]) {
    expect(() => open(wrong)).toThrow(expect.objectContaining({ code: 'config.invalid' }))
  }
})

test('a call that the cluster did not sign is refused where keys are given', async () => {
  const engine = open({
    worker: { port: 0, identityKeys: ['publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f'] },
    token: 'not asked for here',
  })
  await engine.begin()
  const handle = await engine.start(quick, null)
  await sleep(300)
  expect((await handle.record()).status).toBe('running')
})

test('a worker says that it is healthy once it serves', async () => {
  const { node: port } = await freePorts()
  const engine = open({ worker: { adminUrl: server.adminUrl, port } })
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow()
  await engine.begin()
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
})

test('a service is named after its definition, and no two share a name', () => {
  expect(serviceName('meepo', 'research@1.0')).toMatch(/^meepo\.research-1_0-[0-9a-f]{8}$/)
  expect(serviceName('meepo', 'a b@1')).not.toBe(serviceName('meepo', 'a_b@1'))
})
