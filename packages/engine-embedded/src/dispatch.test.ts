import type { AnyDefinition, Dispatcher, DriveHost, Store } from '@meepo/core'
import { anySchema, define } from '@meepo/core'
import { createMemoryStore, createTestMachine, type TestMachine } from '@meepo/core/testing'
import { beforeEach, expect, test } from 'vitest'
import { mortalDispatcher, mortalMachine, mortalStore, type Life } from './testing/mortal.ts'
import { buildRoads, type RoadOptions, type Roads } from '../test/roads.ts'
import { createEmbeddedEngine, type EmbeddedEngine, type EngineNotice } from './index.ts'

let machine: TestMachine
let store: Store
let notices: EngineNotice[]

beforeEach(() => {
  machine = createTestMachine()
  store = createMemoryStore({ now: () => machine.scheduler.now() })
  notices = []
})

interface Opened {
  readonly engine: EmbeddedEngine
  readonly life: Life
  /** Where drives arrive, for bringing one by hand. */
  host(): DriveHost
}

function open(dispatcher: Dispatcher, definitions: readonly AnyDefinition[], concurrency = 10): Opened {
  const life: Life = { isDead: false }
  let host: DriveHost | undefined
  const heard: Dispatcher = {
    ...dispatcher,
    begin: (given) => {
      host = given
      return dispatcher.begin(given)
    },
  }
  const engine = createEmbeddedEngine({
    store: mortalStore(store, life),
    machine: mortalMachine(machine, life),
    dispatcher: mortalDispatcher(heard, life),
    concurrency,
    onNotice: (notice) => notices.push(notice),
  })
  engine.register(...definitions)
  return {
    engine,
    life,
    host: () => {
      if (!host) throw new Error('it has not begun')
      return host
    },
  }
}

/** A definition of one step, and what its bodies wait for. */
function held(name = 'held') {
  const gates: ((value: string) => void)[] = []
  const definition = define({
    name,
    input: anySchema,
    run: (ctx) =>
      ctx.step('hold', { effect: 'idempotent' }, () => new Promise<string>((resolve) => gates.push(resolve))),
  })
  return { definition, gates }
}

const until = <T>(promise: Promise<T>): Promise<T> => machine.scheduler.until(promise)
const advance = (ms: number): Promise<void> => machine.scheduler.advance(ms)

function roadsWith(options: RoadOptions = {}): Roads {
  return buildRoads(machine, options)
}

const quick = define({
  name: 'quick',
  input: anySchema,
  run: (ctx) => ctx.step('one', { effect: 'read' }, async () => 1),
})

test('a drive that is lost on the way is sent again', async () => {
  const roads = roadsWith({ losesEvery: 1 })
  const { engine } = open(roads.open(), [quick])
  const handle = await until(engine.start(quick, null))
  await advance(10_000)
  expect((await store.log.run('system', handle.runId)).status).toBe('running')
  expect(roads.sent).toHaveLength(1)
  await advance(10_000)
  expect(roads.sent).toHaveLength(2)
  expect(roads.sent[1]).toEqual(roads.sent[0])
})

test('a drive that is lost while another one goes into its room is sent again', async () => {
  const roads = roadsWith()
  const end = roads.open()
  let isLost = true
  const worker = open(
    {
      ...end,
      send: async (drive) => {
        if (!isLost) return end.send(drive)
        isLost = false
        await new Promise<void>((resolve) => void machine.scheduler.after(50, resolve))
      },
    },
    [quick],
  )
  await until(worker.engine.begin())
  const handle = await until(worker.engine.start(quick, null))
  const client = open({ ...roads.open(), serve: () => Promise.resolve() }, [quick])
  const other = await until(client.engine.start(quick, null))
  expect(await until(other.result())).toMatchObject({ result: 1 })
  await advance(20_000)
  expect((await store.log.run('system', handle.runId)).status).toBe('completed')
})

test('one that arrived elsewhere, or is gone, is not sent again', async () => {
  const roads = roadsWith()
  const { definition, gates } = held()
  const client = open(roads.open(), [definition])
  await until(client.engine.begin())
  const worker = open(roads.open(), [definition])
  await until(worker.engine.begin())
  await until(client.engine.start(definition, null))
  await advance(40_000)
  expect(gates).toHaveLength(1)
  expect(roads.sent).toHaveLength(1)
})

test('a start is durable though nothing can be sent, and trouble is told once', async () => {
  const roads = roadsWith()
  const { engine } = open(roads.open(), [quick])
  await until(engine.begin())
  roads.isClosed = true
  const handle = await until(engine.start(quick, null))
  await advance(60_000)
  expect(notices.map(({ code }) => code)).toEqual(['engine.unreachable'])
  roads.isClosed = false
  expect(await until(handle.result())).toMatchObject({ success: true, result: 1 })
  roads.isClosed = true
  await until(engine.start(quick, null))
  await advance(1_000)
  expect(notices).toHaveLength(2)
})

test('a drive that comes again takes nothing from an engine that lives', async () => {
  const roads = roadsWith()
  const { definition, gates } = held()
  const first = open(roads.open(), [definition])
  const handle = await until(first.engine.start(definition, null))
  await advance(50)
  const second = open(roads.open(), [definition])
  await until(second.engine.begin())
  const [drive] = roads.sent
  await until(second.host().drive(drive!))
  await advance(5_000)
  expect(gates).toHaveLength(1)
  gates[0]?.('first')
  expect(await until(handle.result())).toMatchObject({ result: 'first' })
})

test('a drive that comes again takes over from an engine that died, after two beats', async () => {
  const roads = roadsWith()
  const { definition, gates } = held()
  const first = open(roads.open(), [definition])
  await until(first.engine.start(definition, null))
  await advance(50)
  first.life.isDead = true
  const second = open(roads.open(), [definition])
  await until(second.engine.begin())
  const came = second.host().drive(roads.sent[0]!)
  await advance(1_100)
  await came
  expect(gates).toHaveLength(2)
})

test('what a replaced engine still finishes is not recorded: the first write wins', async () => {
  const roads = roadsWith()
  const { definition, gates } = held()
  const first = open(roads.open(), [definition])
  const handle = await until(first.engine.start(definition, null))
  await advance(50)
  const second = open(roads.open(), [definition])
  await until(second.engine.begin())
  const [owner] = await store.leases.engines()
  await store.leases.takeOver(owner!.engine, owner!.beat)
  await advance(100)
  expect(gates).toHaveLength(2)
  gates[1]?.('second')
  await advance(100)
  gates[0]?.('first')
  expect(await until(handle.result())).toMatchObject({ result: 'second' })
  const completed = (await store.log.read('system', handle.runId)).filter(({ type }) => type === 'step.completed')
  expect(completed).toHaveLength(1)
})

test('a drive that arrives while all room is held for a claim goes in when nothing was claimed', async () => {
  const roads = roadsWith()
  const { definition, gates } = held()
  const { leases } = store
  store = {
    ...store,
    leases: {
      ...leases,
      claim: async (...args) => {
        const claims = await leases.claim(...args)
        await new Promise<void>((resolve) => void machine.scheduler.after(50, resolve))
        return claims
      },
    },
  }
  const worker = open(roads.open(), [definition], 1)
  const client = open({ ...roads.open(), serve: () => Promise.resolve() }, [definition])
  await until(client.engine.begin())
  await until(worker.engine.begin())
  await advance(500)
  await until(client.engine.start(definition, null))
  worker.engine.register(quick)
  await advance(5_000)
  expect(gates).toHaveLength(1)
})

test('drives that waited for room while their engine was taken for dead are driven once, and keep nobody out', async () => {
  const roads = roadsWith()
  const { definition, gates } = held()
  const worker = open(roads.open(), [definition], 1)
  await until(worker.engine.begin())
  const client = open({ ...roads.open(), serve: () => Promise.resolve() }, [definition])
  for (let count = 0; count < 2; count++) {
    await until(client.engine.start(definition, null))
    await advance(20)
  }
  const { engine: id, beat } = (await store.leases.engines()).find(({ engine }) => engine === worker.engine.id)!
  await store.leases.takeOver(id, beat)
  for (let count = 0; count < 20; count++) {
    await advance(1_000)
    gates.at(-1)?.('done')
  }
  expect((await store.log.runs('system')).map(({ status }) => status)).toEqual(['completed', 'completed'])
  expect(gates).toHaveLength(3)
  expect(notices).toEqual([])
})

test('drives for which there is no room wait, by priority, and are given back when the engine stops', async () => {
  const roads = roadsWith()
  const { definition, gates } = held()
  const worker = open(roads.open(), [definition], 1)
  await until(worker.engine.begin())
  const client = open({ ...roads.open(), serve: () => Promise.resolve() }, [definition])
  const order = [0, 2, 1, 2]
  for (const priority of order) {
    await until(client.engine.start(definition, null, { priority }))
    await advance(20)
  }
  expect(gates).toHaveLength(1)
  gates[0]?.('done')
  await advance(20)
  const running = await store.log.runs('system', { status: ['running'] })
  expect(running).toHaveLength(3)
  expect((await store.log.runs('system', { status: ['completed'] })).map(({ priority }) => priority)).toEqual([0])
  gates[1]?.('done')
  await advance(20)
  expect((await store.log.runs('system', { status: ['completed'] })).map(({ priority }) => priority)).toEqual([2, 0])
  await until(Promise.all([client.engine.stop(), worker.engine.stop({ graceMs: 0, hardLimitMs: 0 })]))
  expect((await store.log.runs('system', { status: ['queued'] })).map(({ priority }) => priority)).toEqual([2, 1])
})

test('an engine refuses what it has no code for, and what comes while it stops', async () => {
  const roads = roadsWith()
  const { definition } = held()
  const { engine, host } = open(roads.open(), [quick])
  await until(engine.begin())
  const drive = { runId: 'r', epoch: 1, tenant: 't', definition: definition.name, version: '1', priority: 0 }
  await expect(host().drive(drive)).rejects.toMatchObject({ code: 'definition.unknown' })
  expect(await until(host().drive({ ...drive, definition: 'quick' }))).toBeUndefined()
  await until(engine.stop())
  await expect(host().drive({ ...drive, definition: 'quick' })).rejects.toMatchObject({ code: 'engine.stopped' })
})

test('an engine whose dispatcher cannot begin can be started again', async () => {
  const roads = roadsWith()
  const end = roads.open()
  let isDown = true
  const { engine } = open({ ...end, begin: (host) => (isDown ? Promise.reject(new Error('down')) : end.begin(host)) }, [
    quick,
  ])
  await expect(until(engine.begin())).rejects.toThrow('down')
  isDown = false
  const handle = await until(engine.start(quick, null))
  expect(await until(handle.result())).toMatchObject({ success: true })
})
