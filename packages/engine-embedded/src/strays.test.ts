import { anySchema, define, MeepoError, type AnyDefinition, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine, type TestMachine } from '@meepo/core/testing'
import { beforeEach, expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine, type EmbeddedEngine } from './index.ts'

/*
 * A run that its engine gave up, because the store did not answer, while a part of what it wrote still arrives.
 */

let machine: TestMachine
let memory: Store

beforeEach(() => {
  machine = createTestMachine()
  memory = createMemoryStore({ now: () => machine.scheduler.now() })
})

const until = <T>(promise: Promise<T>): Promise<T> => machine.scheduler.until(promise)
const advance = (ms: number): Promise<void> => machine.scheduler.advance(ms)
const lost = (): MeepoError => new MeepoError('store.failed', 'the connection broke')

function after(ms: number): Promise<void> {
  return new Promise((resolve) => void machine.scheduler.after(ms, resolve))
}

type Append = Store['log']['append']

/** Appends take effect at once and are answered late, so that several are on their way. */
function slowly(append: Append): Append {
  return async (scope, request) => {
    const [outcome] = await Promise.allSettled([append(scope, request)])
    await after(40)
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  }
}

function engineOn(
  parts: { log?: Partial<Store['log']>; leases?: Partial<Store['leases']> },
  ...definitions: readonly AnyDefinition[]
) {
  const store = storeWith(memory, {
    log: { ...parts.log },
    leases: { ...parts.leases },
  })
  const codes: string[] = []
  const engine: EmbeddedEngine = createEmbeddedEngine({ store, machine, onNotice: ({ code }) => codes.push(code) })
  engine.register(...definitions)
  return { engine, codes }
}

test('what arrives after its run was given up does not go between the events of its next driver', async () => {
  let executions = 0
  const definition = define({
    name: 'counted',
    input: anySchema,
    run: async (ctx) => {
      const count = ctx.step('count', { effect: 'read' }, async () => {
        await after(10)
        return ++executions
      })
      const [counted] = await Promise.all([count, ctx.sleep(5_000)])
      return counted
    },
  })
  const outcomes: string[] = []
  let late: (() => Promise<unknown>) | undefined
  let isGivenUp = false
  const slow = slowly(memory.log.append)
  const append: Append = async (scope, request) => {
    if (!isGivenUp && request.events.some(({ type }) => type === 'step.completed')) {
      isGivenUp = true
      late = () => memory.log.append(scope, request)
      throw lost()
    }
    // It arrives just before the first append of the next driver, which has as many events.
    const arriving = late?.()
    late = undefined
    await arriving?.then(
      () => outcomes.push('accepted'),
      (thrown: MeepoError) => outcomes.push(thrown.code),
    )
    return slow(scope, request)
  }
  const { engine, codes } = engineOn({ log: { append } }, definition)
  const handle = await until(engine.start<null, unknown>('counted', null))
  expect(await until(handle.result())).toMatchObject({ status: 'completed', result: 2 })
  const types = (await memory.log.read('system', handle.runId)).map(({ type }) => type)
  expect(types.filter((type) => type === 'step.completed')).toHaveLength(1)
  expect(outcomes).toEqual(['store.fenced'])
  expect(codes).toEqual(['store.failed'])
})

test('a run that ended unheard, and that another engine drives since it was reopened, is not driven here again', async () => {
  const bodies: string[] = []
  const sleeper = (by: string) =>
    define({
      name: 'sleeper',
      input: anySchema,
      run: async (ctx) => {
        await ctx.sleep(8_000)
        return ctx.step('wake', { effect: 'read' }, async () => bodies.push(by))
      },
    })
  let isAway = false
  const unlessAway =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (isAway) throw lost()
      return call(...args)
    }
  const { log, leases } = memory
  const append: Append = async (scope, request) => {
    const grants = await log.append(scope, request)
    if (request.events.at(-1)?.type !== 'run.cancelled') return grants
    isAway = true
    throw lost()
  }
  const { engine: here, codes } = engineOn(
    {
      log: { append, read: unlessAway(log.read) },
      leases: { claim: unlessAway(leases.claim), take: unlessAway(leases.take) },
    },
    sleeper('here'),
  )
  const { engine: there } = engineOn({}, sleeper('there'))
  const handle = await until(here.start<null, unknown>('sleeper', null))
  await advance(50)
  await until(handle.cancel('by a person'))
  await advance(1_000)
  expect(isAway).toBe(true)
  const again = await until(there.resume(handle.runId))
  await advance(1_000)
  isAway = false
  expect(await until(again.result())).toMatchObject({ status: 'completed' })
  await advance(1_000)
  expect(bodies).toEqual(['there'])
  expect(codes).not.toContain('store.fenced')
})

test('a run that cannot be read is tried again after growing pauses, and is driven once it can be', async () => {
  const definition = define({ name: 'patient', input: anySchema, run: (ctx) => ctx.signalled('go') })
  const { engine: before } = engineOn({}, definition)
  const { runId } = await until(before.start<null, unknown>('patient', null))
  await advance(100)
  await until(before.stop())
  let isDamaged = true
  const triedAt: number[] = []
  const read: Store['log']['read'] = async (...args) => {
    if (!isDamaged) return memory.log.read(...args)
    triedAt.push(machine.scheduler.elapsed())
    throw new MeepoError('log.unknown_event', 'a page of the log is damaged')
  }
  const { engine, codes } = engineOn({ log: { read } }, definition)
  await until(engine.begin())
  await memory.inbox.deliver('system', runId, { id: 'one', kind: 'signal', name: 'go', data: 'went' })
  await advance(60_000)
  const pauses = triedAt.slice(1).map((at, index) => at - (triedAt[index] ?? 0))
  expect(pauses.slice(0, 6)).toEqual(pauses.slice(0, 6).toSorted((a, b) => a - b))
  expect(pauses.at(-1)).toBeGreaterThanOrEqual(5_000)
  expect(triedAt.length).toBeLessThan(25)
  expect(codes).toHaveLength(triedAt.length)
  isDamaged = false
  await advance(6_000)
  expect(await until(engine.handle(runId).result())).toMatchObject({ status: 'completed', result: 'went' })
})
