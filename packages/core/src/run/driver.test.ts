import { expect, test } from 'vitest'
import { MeepoError } from '../base/errors.ts'
import { anySchema } from '../base/schema.ts'
import { noUsage } from '../base/usage.ts'
import type { BlobRef, NewEvent } from '../log/events.ts'
import type { RunContext } from './context.ts'
import { define } from './definition.ts'
import { drive, never } from '../testing/driven.ts'
import type { RunDriver } from './driver.ts'
import type { DriverMail } from './mail.ts'

/** The events that begin every log. */
const started: NewEvent = { type: 'run.started', at: 0, data: { seed: 's', patches: [] } }

/** Where a large value was put. */
const ref: BlobRef = { blob: 'b', bytes: 1 }

/** A text too long for the log itself. */
const large: string = 'x'.repeat(300_000)

const read = { effect: 'read' } as const
const broken = { code: 'store.failed', message: 'disk full' }
const refused = new MeepoError('store.failed', 'disk full')
const child = define({ name: 'child', input: anySchema, run: async () => null })
const stop = { id: 'm', kind: 'cancel', data: { source: 'caller', reason: 'enough' } } as const

/** A run that waits for a child whose result the test fetches. */
async function parent(getBlob: () => Promise<string>) {
  let childRunId = ''
  const run = await drive((ctx) => ctx.child(child, 'c', null), {
    host: { getBlob, startChild: (start) => void (childRunId = start.childRunId) },
  })
  const ended = (id: string): DriverMail => {
    return { id, kind: 'child', data: { childRunId, outcome: { kind: 'completed', result: { ref: { ...ref } } } } }
  }
  return { ...run, ended }
}

test('a dropped run appends nothing, whatever comes back to it', async () => {
  const body = Promise.withResolvers<string>()
  const blob = Promise.withResolvers<BlobRef>()
  const { driver, scheduler, types } = await drive(
    (ctx) => Promise.all([ctx.step('a', read, () => body.promise), ctx.step('b', read, async () => large)]),
    { host: { putBlob: () => blob.promise } },
  )
  const before = types()
  driver.drop()
  driver.drop()
  body.resolve('late')
  blob.resolve(ref)
  await scheduler.advance(60_000)
  driver.append({ type: 'progress.reported', at: 0, data: {} })
  expect(types()).toEqual(before)
})

test('a run that ended is not dropped any more', async () => {
  const { driver, types } = await drive(async () => 1)
  driver.drop()
  expect(types()).toEqual(['run.started', 'run.completed'])
})

test("a child's result that is fetched too late is not recorded", async () => {
  const blob = Promise.withResolvers<string>()
  const { driver, scheduler, types, ended } = await parent(() => blob.promise)
  driver.mail([ended('m')])
  driver.drop()
  blob.resolve('1')
  await scheduler.settle()
  expect(types()).toEqual(['run.started', 'child.started'])
})

test('two news of one child end it once', async () => {
  const { driver, scheduler, types, ended } = await parent(() => Promise.resolve('1'))
  driver.mail([ended('m'), ended('n')])
  await scheduler.settle()
  expect(types()).toEqual(['run.started', 'child.started', 'child.completed', 'run.completed'])
})

test('news that are told again to one task are not for another one with the same child', async () => {
  let childRunId = ''
  const { driver, scheduler, discarded, types } = await drive((ctx) => ctx.child(child, 'c', null), {
    host: { startChild: (start) => void (childRunId = start.childRunId) },
  })
  const outcome = { kind: 'completed', result: { value: 1 } }
  driver.mail([{ id: 'late', kind: 'child', data: { childRunId, number: 7, outcome } }])
  expect(discarded).toEqual(['late'])
  driver.mail([{ id: 'mine', kind: 'child', data: { childRunId, number: 1, outcome } }])
  await scheduler.settle()
  expect(types()).toEqual(['run.started', 'child.started', 'child.completed', 'run.completed'])
})

test("a run fails when its child's result cannot be fetched", async () => {
  const { driver, scheduler, last, ended } = await parent(() => Promise.reject(refused))
  driver.mail([ended('m')])
  await scheduler.settle()
  driver.childRefused(1, new MeepoError('task.cancelled', 'gone'))
  expect(last()).toMatchObject({ type: 'run.failed', data: { error: broken } })
})

test('a child that was cancelled before it was refused ends as cancelled', async () => {
  const { driver, scheduler, events } = await drive(async (ctx) => {
    const task = ctx.child(child, 'c', null)
    task.catch(() => undefined)
    await ctx.sleep(10)
    await ctx.cancel(task, 'enough')
    return 'cancelled'
  })
  await scheduler.advance(10)
  driver.childRefused(1, refused)
  await scheduler.settle()
  expect(events.at(-2)).toMatchObject({ type: 'task.cancelled', data: { number: 1, reason: 'enough' } })
})

test('a refusal of what is no open child is no news', async () => {
  const { driver, scheduler, types } = await drive((ctx) => ctx.sleep(10))
  driver.childRefused(1, refused)
  driver.childRefused(7, refused)
  await scheduler.settle()
  expect(types()).toEqual(['run.started', 'sleep.started'])
})

test('a run whose result cannot be stored fails', async () => {
  const { last } = await drive(async () => large, { host: { putBlob: () => Promise.reject(refused) } })
  expect(last()).toMatchObject({ type: 'run.failed', data: { error: broken } })
})

test('a step whose result cannot be stored fails', async () => {
  const { events } = await drive((ctx) => ctx.step('a', read, async () => large), {
    host: { putBlob: () => Promise.reject(refused) },
  })
  expect(events.slice(2)).toMatchObject([
    { type: 'step.failed', data: { error: broken } },
    { type: 'run.failed', data: { error: broken } },
  ])
})

test('a run that is cancelled, or whose engine stops, while its next state is stored does not go on', async () => {
  const run = async (ctx: RunContext): Promise<never> => {
    await ctx.sleep(1)
    return ctx.continueWith(large)
  }
  const storing = async (interrupt: (driver: RunDriver) => void): Promise<readonly string[]> => {
    const blob = Promise.withResolvers<BlobRef>()
    const { driver, scheduler, types } = await drive(run, { host: { putBlob: () => blob.promise } })
    await scheduler.advance(1)
    interrupt(driver)
    blob.resolve(ref)
    await scheduler.settle()
    return types().slice(3)
  }
  expect(await storing((driver) => driver.mail([stop]))).toEqual(['run.cancel_requested', 'run.cancelled'])
  expect(await storing((driver) => driver.freeze())).toEqual([])
})

test('a body that was given up does not answer for the next attempt, nor does its stored result', async () => {
  for (const late of ['late', large]) {
    const body = Promise.withResolvers<string>()
    const blob = Promise.withResolvers<BlobRef>()
    const { scheduler, types } = await drive(
      (ctx) =>
        ctx.step('a', { effect: 'read', timeoutMs: 100 }, ({ count }) => {
          if (count > 1) return never()
          return late === large ? Promise.resolve(large) : body.promise
        }),
      { host: { putBlob: () => blob.promise } },
    )
    await scheduler.advance(6_500)
    expect(types().slice(2)).toEqual(['attempt.failed', 'attempt.started'])
    body.resolve(late)
    blob.resolve(ref)
    await scheduler.settle()
    expect(types().slice(2)).toEqual(['attempt.failed', 'attempt.started'])
  }
})

test('a stopping engine records an outcome that the code has not seen, and says which bodies are open', async () => {
  const body = Promise.withResolvers<number>()
  const { driver, scheduler, types } = await drive((ctx) => ctx.step('a', read, () => body.promise))
  expect([driver.hasOpenBody, driver.hasOnceBody]).toEqual([true, false])
  body.resolve(1)
  await body.promise
  await Promise.resolve()
  driver.freeze()
  await scheduler.settle()
  expect(types()).toEqual(['run.started', 'step.started', 'step.completed'])
})

test('a body without a timeout of its own is given up after ten minutes, beside tasks of other kinds', async () => {
  const { driver, scheduler, last } = await drive((ctx) =>
    Promise.race([ctx.sleep(3_600_000), ctx.step('a', { effect: 'once' }, never)]),
  )
  await scheduler.advance(599_999)
  driver.tick()
  await scheduler.advance(5_000)
  expect(last()?.type).toBe('step.started')
  driver.tick()
  await scheduler.advance(5_000)
  expect(last()).toMatchObject({
    type: 'step.unknown',
    data: { error: { code: 'step.timeout', message: 'a ran longer than 600000 ms' } },
  })
})

test('an attempt that waits for the disk does not begin in a dropped run', async () => {
  const bodies: number[] = []
  let durable = (): void => {}
  const { driver, scheduler } = await drive(
    (ctx) =>
      ctx.step('a', { effect: 'idempotent' }, async ({ count }) => {
        bodies.push(count)
        throw new MeepoError('step.timeout', 'again', { retryable: true })
      }),
    { host: { whenDurable: (then) => (bodies.length === 0 ? then() : void (durable = then)) } },
  )
  await scheduler.advance(60_000)
  driver.drop()
  durable()
  expect(bodies).toEqual([1])
})

test('a step without a policy of its own is tried three times', async () => {
  const { scheduler, types } = await drive((ctx) =>
    ctx.step('a', read, () => Promise.reject(new MeepoError('step.timeout', 'again', { retryable: true }))),
  )
  await scheduler.advance(60_000)
  expect(types().filter((type) => type.startsWith('attempt.'))).toEqual([
    'attempt.failed',
    'attempt.started',
    'attempt.failed',
    'attempt.started',
  ])
})

test('a decision about a step that is not unknown is taken out of the inbox', async () => {
  const { driver, discarded, types } = await drive((ctx) => ctx.step('a', { effect: 'once' }, never))
  const data = { step: 1, attempt: 1, resolution: { kind: 'done', result: 1 } }
  driver.mail([{ id: 'm', kind: 'resolve', data }])
  expect([discarded, types()]).toEqual([['m'], ['run.started', 'step.started']])
})

test('a decision that comes while the run ends stays in the inbox', async () => {
  const { driver, discarded } = await drive((ctx) => ctx.child(child, 'c', null))
  const data = { step: 1, attempt: 1, resolution: { kind: 'not_done' } }
  driver.mail([stop, { id: 'n', kind: 'resolve', data }])
  expect(discarded).toEqual([])
})

test('a signal without a name is one with an empty name', async () => {
  const { driver, scheduler, last } = await drive((ctx) => ctx.signalled(''))
  driver.mail([{ id: 'm', kind: 'signal', data: 5 }])
  await scheduler.settle()
  expect(last()).toMatchObject({ type: 'run.completed', data: { result: { value: 5 } } })
})

test('code knows how much its segment holds', async () => {
  const { last } = await drive(async (ctx) => {
    const before = ctx.segmentSize
    await ctx.step('a', read, async () => 'x'.repeat(97))
    return [before, ctx.segmentSize]
  })
  expect(last()).toMatchObject({ data: { result: { value: [0, 100] } } })
})

test('code that ends without a call that the log holds is nondeterministic', async () => {
  const { last } = await drive(async () => null, {
    log: [started, { type: 'sleep.started', at: 0, data: { number: 1, until: 9 } }],
  })
  expect(last()).toMatchObject({
    type: 'run.failed',
    data: { error: { code: 'run.nondeterministic', details: { recorded: '1 sleep sleep', made: 'no such call' } } },
  })
})

test('a log that completes a signal without its value is corrupt', async () => {
  const { last } = await drive((ctx) => ctx.signalled('go'), {
    log: [
      started,
      { type: 'signal.awaited', at: 0, data: { number: 1, name: 'go' } },
      { type: 'signal.completed', at: 0, data: { number: 1, name: 'go' } },
    ],
  })
  expect(last()).toMatchObject({ type: 'run.failed', data: { error: { code: 'store.corrupt' } } })
})

test('what an attempt used is recorded with its outcome, also when it fails', async () => {
  const usage = { ...noUsage, input: 3, calls: 1 }
  const { scheduler, events } = await drive((ctx) =>
    ctx.step('a', read, async (attempt) => {
      attempt.addUsage(usage)
      throw new MeepoError('step.timeout', 'again', { retryable: attempt.count === 1 })
    }),
  )
  await scheduler.advance(60_000)
  expect(events[2]).toMatchObject({ type: 'attempt.failed', data: { attempt: 1, usage } })
  expect(events[4]).toMatchObject({ type: 'step.failed', data: { attempt: 2, usage } })

  const succeeded = await drive((ctx) => ctx.step('a', read, async (attempt) => attempt.addUsage(usage)))
  expect(succeeded.events[2]).toMatchObject({ type: 'step.completed', data: { attempt: 1, usage } })
})

test('news of an end that a reopening undid are put away, whenever they arrive', async () => {
  const error = { code: 'budget.exceeded', message: 'spent', retryable: false }
  const [, announced] = (await drive((ctx) => ctx.child(child, 'c', null))).events
  const childRunId = announced?.type === 'child.started' ? announced.data.childRunId : ''
  const rewind = { before: 4, number: 1, children: { [childRunId]: 7 } }
  const log: readonly NewEvent[] = [
    started,
    announced as NewEvent,
    { type: 'child.failed', at: 0, data: { number: 1, error } },
    { type: 'run.failed', at: 0, data: { error, unknownSteps: [], resumeAfter: 4 } },
    { type: 'run.reopened', at: 0, data: { limits: {}, by: 'operator', rewind } },
  ]
  const again = await drive((ctx) => ctx.child(child, 'c', null), { log })
  const outcome = { kind: 'completed', result: { value: 12 } }
  const news = (id: string, seq: number): DriverMail => ({ id, kind: 'child', data: { childRunId, seq, outcome } })
  again.driver.mail([news('old', 7), news('new', 12)])
  await again.scheduler.settle()
  expect(again.discarded).toEqual(['old'])
  expect(again.last()).toMatchObject({ type: 'run.completed', data: { result: { value: 12 } } })
})

test('a step that speaks for another agent is charged to it, live and after a crash', async () => {
  const scopes: (readonly string[])[] = []
  const meta = { kind: 'model', agent: 'billing' } as const
  const run = (ctx: RunContext) =>
    ctx.step('a', { effect: 'read', meta }, ({ call, account }) => {
      scopes.push(call.scopes, account.scopes)
      return never()
    })
  const { driver, events } = await drive(run)
  expect(driver.scopesOf(1)).toContain('agent:billing')
  expect(scopes.flat().filter((scope) => scope.startsWith('agent:'))).toEqual(['agent:billing', 'agent:billing'])
  expect(driver.scopesOf(2)).toEqual(driver.call.scopes)
  const lost = await drive(() => never(), { log: events })
  expect(lost.driver.scopesOf(1)).toContain('agent:billing')
})

test('a run whose code is gone replays nothing, and its end takes the request out of the inbox', async () => {
  const log: NewEvent[] = [
    started,
    { type: 'step.started', at: 0, data: { number: 1, name: 'pay', effect: 'once' } },
    { type: 'step.started', at: 0, data: { number: 2, name: 'look', effect: 'read' } },
    { type: 'step.completed', at: 0, data: { number: 2, attempt: 1, durationMs: 1, result: { value: 1 } } },
    { type: 'sleep.started', at: 0, data: { number: 3, until: 9 } },
  ]
  const ends: unknown[] = []
  const run = await drive(undefined, { log, host: { end: (...args) => void ends.push(args) } })
  await run.scheduler.advance(60_000)
  expect(run.types()).toEqual([])
  run.driver.mail([{ id: 's', kind: 'signal', name: 'go', data: 1 }, stop, { ...stop, id: 'again' }])
  run.driver.mail([{ ...stop, id: 'later' }])
  expect(run.events).toMatchObject([
    { type: 'run.cancel_requested', data: { source: 'caller', reason: 'enough', deliveryId: 'm' } },
    { type: 'task.cancelled', data: { number: 1, reason: 'enough' } },
    { type: 'task.cancelled', data: { number: 3, reason: 'enough' } },
  ])
  expect(ends).toMatchObject([
    [{ type: 'run.cancelled', data: { reason: 'enough', unknownSteps: [1], resumeAfter: 7 } }, 'm'],
  ])
})

test('a run whose code is gone, and whose end had begun, ends as it had begun to', async () => {
  const end: NewEvent = { type: 'run.ending', at: 0, data: { end: { kind: 'completed', result: { value: 1 } } } }
  const run = await drive(undefined, { log: [started, end] })
  run.driver.mail([stop])
  expect(run.types()).toEqual(['run.completed'])
})

test('a run whose code is gone does not end by mail that a reopening made void, nor while the engine stops', async () => {
  const reopened: NewEvent = { type: 'run.reopened', at: 0, data: { limits: {}, by: 'operator', voidMail: ['m'] } }
  const run = await drive(undefined, { log: [started, reopened] })
  run.driver.mail([stop])
  run.driver.freeze()
  run.driver.mail([{ ...stop, id: 'new' }])
  expect(run.types()).toEqual([])
})
