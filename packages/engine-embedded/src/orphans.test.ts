import { anySchema, define, MeepoError, type AnyDefinition, type RunId, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine, type EmbeddedEngine } from './index.ts'

const waits = define({ name: 'waits', input: anySchema, run: (ctx) => ctx.signalled('go') })
const newer = { ...waits, version: '2' }
const paying = define({
  name: 'paying',
  input: anySchema,
  isWorkflow: true,
  run: (ctx) => ctx.step('pay', { effect: 'once' }, () => Promise.reject(new MeepoError('step.timeout', 'no answer'))),
})

function world() {
  const machine = createTestMachine({ startAt: 1_700_000_000_000 })
  const { scheduler } = machine
  const store = createMemoryStore({ now: () => scheduler.now() })
  const notices: string[] = []
  const open = async (definitions: readonly AnyDefinition[], on: Store = store): Promise<EmbeddedEngine> => {
    const engine = createEmbeddedEngine({
      store: on,
      machine,
      idleMs: 0,
      maxConcurrentWorkflows: 1,
      onNotice: ({ code }) => void notices.push(code),
    })
    engine.register(...definitions)
    await scheduler.until(engine.begin())
    return engine
  }
  /** A run of a definition that no engine has any more. */
  const leave = async (definition: AnyDefinition): Promise<RunId> => {
    const engine = await open([definition])
    const { runId } = await scheduler.until(engine.start(definition, null))
    await scheduler.advance(100)
    await scheduler.until(engine.stop())
    return runId
  }
  const status = async (runId: RunId): Promise<string> => (await store.log.run('system', runId)).status
  return { scheduler, store, notices, open, leave, status }
}

test('a run whose code is gone waits as long as nobody asks it to end', async () => {
  const { scheduler, open, leave, status } = world()
  const runId = await leave(waits)
  const engine = await open([newer])
  await scheduler.until(engine.handle(runId).signal('go', 1))
  await scheduler.advance(3_600_000)
  expect(await status(runId)).toBe('waiting')
  await engine.handle(runId).cancel('gone for good')
  await scheduler.advance(4_000)
  expect(await status(runId)).toBe('waiting')
  await scheduler.advance(4_000)
  expect(await status(runId)).toBe('cancelled')
})

test('whoever has the code ends the run the usual way, also one that comes in time or learns of it late', async () => {
  const { scheduler, store, open, leave } = world()
  const [first, second] = [await leave(waits), await leave(waits)]
  const engine = await open([newer])
  await engine.handle(first).cancel('one')
  await scheduler.advance(3_000)
  const other = await open([])
  other.register(waits)
  expect((await scheduler.until(engine.handle(first).result())).status).toBe('cancelled')
  await engine.handle(second).cancel('two')
  await scheduler.until(engine.handle(second).result())
  // Only a process with the code takes the request by itself, before the end.
  for (const runId of [first, second]) {
    const events = await store.log.read('system', runId)
    expect(events.map(({ type }) => type).slice(-4)).toEqual([
      'run.cancel_requested',
      'run.ending',
      'task.cancelled',
      'run.cancelled',
    ])
  }
})

test('what the run holds is given back: its place among the workflows, and a step of unknown outcome is named', async () => {
  const { scheduler, store, open, leave, status } = world()
  const runId = await leave(paying)
  const done = define({ name: 'done', input: anySchema, isWorkflow: true, run: async () => 1 })
  const engine = await open([done])
  await engine.handle(runId).cancel('gone')
  await scheduler.until(engine.handle(runId).result())
  expect((await store.log.read('system', runId)).at(-1)).toMatchObject({
    type: 'run.cancelled',
    data: { reason: 'gone', unknownSteps: [1] },
  })
  const next = await scheduler.until(engine.start(done, null))
  await scheduler.until(next.result())
  expect(await status(next.runId)).toBe('completed')
})

test('of several engines one ends the run, and one whose store fails or that has no room leaves it to the next look', async () => {
  const { scheduler, store, notices, open, leave, status } = world()
  const runId = await leave(waits)
  let failures = 0
  const shaky: Store = {
    ...store,
    leases: {
      ...store.leases,
      adopt: (...args) =>
        failures++ < 2 ? Promise.reject(new MeepoError('store.failed', 'no answer')) : store.leases.adopt(...args),
    },
  }
  const engines = [await open([newer], shaky), await open([newer], shaky)]
  await engines[0]?.handle(runId).cancel('gone')
  await scheduler.advance(12_000)
  expect(failures).toBeGreaterThan(2)
  expect(notices).toEqual(['store.failed', 'store.failed'])
  expect(await status(runId)).toBe('cancelled')
})

test('those that cannot end yet hide nobody: the children of many end before them', async () => {
  const { scheduler, store, open } = world()
  const above = define({
    name: 'above',
    input: anySchema,
    uses: [waits],
    run: (ctx) => ctx.child(waits, 'below', null),
  })
  const engine = await open([above])
  const parents = await scheduler.until(Promise.all(Array.from({ length: 40 }, () => engine.start(above, null))))
  await scheduler.advance(100)
  await scheduler.until(engine.stop())
  const other = await open([newer])
  for (const { runId } of parents) await other.handle(runId).cancel('gone')
  await scheduler.advance(60_000)
  const all = await store.log.runs('system', { limit: 100 })
  expect(all).toHaveLength(80)
  expect(all.filter(({ status }) => status !== 'cancelled')).toEqual([])
})

test('what was said of definitions and arrives late is said again', async () => {
  const { scheduler, store, open } = world()
  let late: (() => Promise<void>) | undefined
  let isLate = false
  const { offer } = store.leases
  const shaky: Store = {
    ...store,
    leases: {
      ...store.leases,
      offer: (...args) => {
        if (!isLate) return offer(...args)
        isLate = false
        late = () => offer(...args)
        return Promise.reject(new MeepoError('store.failed', 'the connection broke'))
      },
    },
  }
  const engine = await open([], shaky)
  isLate = true
  engine.register(waits)
  engine.register(paying)
  await scheduler.advance(10)
  await late?.()
  expect(await store.leases.offered()).toEqual(['waits@1'])
  await scheduler.advance(1_500)
  expect(await store.leases.offered()).toEqual(['waits@1', 'paying@1'])
})

test('a run that somebody had since it was looked at is left to the next look', async () => {
  const { scheduler, store, open, leave, status } = world()
  const runId = await leave(waits)
  const { adopt } = store.leases
  const slow: Store = {
    ...store,
    leases: {
      ...store.leases,
      adopt: async (...args) => {
        // Somebody with the code takes the request, and stops.
        const { leases, inbox, log } = store
        await leases.join('brief')
        const [claim] = await leases.claim('brief', { limit: 1, definitions: ['waits@1'] })
        const mail = await inbox.pending('system', runId)
        const { lastSeq } = await log.run('system', runId)
        await log.append('system', {
          runId,
          epoch: claim?.epoch ?? 0,
          expectedSeq: lastSeq,
          events: [{ type: 'run.cancel_requested', at: scheduler.now(), data: { source: 'caller', reason: 'gone' } }],
          extras: { inboxTaken: mail.map(({ id }) => id) },
        })
        await leases.leave('brief')
        return adopt(...args)
      },
    },
  }
  const engine = await open([newer], slow)
  await engine.handle(runId).cancel('gone')
  await scheduler.advance(20_000)
  expect(await status(runId)).toBe('queued')
})

test('a request that a reopening made void ends nothing', async () => {
  const { scheduler, store, open, leave, status } = world()
  const runId = await leave(waits)
  const engine = await open([])
  await engine.handle(runId).cancel('first')
  await scheduler.until(engine.handle(runId).result())
  await store.log.reopen('system', runId, {
    type: 'run.reopened',
    at: scheduler.now(),
    data: { limits: {}, by: 'operator', voidMail: ['void'] },
  })
  await store.inbox.deliver('system', runId, {
    id: 'void',
    kind: 'cancel',
    data: { source: 'caller', reason: 'too late' },
  })
  await scheduler.advance(60_000)
  expect(await status(runId)).toBe('queued')
})
