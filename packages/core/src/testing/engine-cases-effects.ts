import { MeepoError } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import type { LogEvent, NewEvent } from '../log/events.ts'
import type { Reconciled } from '../run/context.ts'
import { check, checkEqual } from './check.ts'
import {
  begin,
  checkDone,
  code,
  codeOf,
  eventsOf,
  logOf,
  once,
  runOnce,
  untilLogged,
  type EngineCase,
  type EngineCaseContext,
} from './engine-case.ts'

/** A run whose only step hangs until its engine is killed, and what its second attempt gives. */
function cutOff(reconcile?: (key: string) => Promise<Reconciled<Json>>) {
  const keys: string[] = []
  const definition = code('pays', (ctx) =>
    ctx.step<Json>('pay', { ...once, ...(reconcile ? { reconcile } : {}) }, ({ idempotencyKey, count, signal }) => {
      keys.push(idempotencyKey)
      if (count > 1) return Promise.resolve('paid again')
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('x'))))
    }),
  )
  return { definition, keys }
}

/** Kills the engine in the middle of the step, and opens another. */
async function killInStep(context: EngineCaseContext, { definition, keys }: ReturnType<typeof cutOff>) {
  const first = await context.open({ definitions: [definition] })
  const { runId } = await begin(context, first.engine, definition)
  for (let round = 0; keys.length === 0 && round < 100; round++) await context.pass(5)
  first.crash()
  const { engine } = await context.open({ definitions: [definition] })
  return { engine, handle: engine.handle(runId), runId }
}

/** A run of {@link cutOff} whose step was unknown, with what came after, and whose engine is gone. */
async function leaveBehind(context: EngineCaseContext, runId: RunId, events: readonly NewEvent[]): Promise<void> {
  const { leases, log } = context.store
  const run = { tenant: 'default', sessionId: 's', priority: 0, definition: 'pays', version: '1' }
  const error = { code: 'step.unknown', message: 'cut', retryable: false }
  await leases.join('dead')
  const before: readonly NewEvent[] = [
    { type: 'run.created', at: 0, data: { ...run, input: { value: null }, limits: { activeMs: 1e6 } } },
    { type: 'run.started', at: 0, data: { seed: 'x', patches: [] } },
    { type: 'step.started', at: 0, data: { number: 1, name: 'pay', effect: 'once' } },
    { type: 'step.unknown', at: 0, data: { number: 1, attempt: 1, error } },
  ]
  await log.create('system', { ...run, runId, fingerprint: '' }, [...before, ...events], 'dead')
  await leases.leave('dead')
}

function unknownOf(log: readonly LogEvent[]): readonly number[] | undefined {
  const end = log.at(-1)
  return end?.type === 'run.failed' || end?.type === 'run.cancelled' ? end.data.unknownSteps : undefined
}

/** What becomes of a step that must not be repeated when its outcome is not certain. */
export const effectCases: readonly EngineCase[] = [
  {
    name: 'a crash in a step that must not be repeated leaves it unknown, and the run waits for a decision',
    run: async (context) => {
      const paying = cutOff()
      const { handle, runId } = await killInStep(context, paying)
      await untilLogged(context, runId, 'step.unknown')
      await context.pass(50)
      check(paying.keys.length === 1, 'the body ran again')
      checkEqual((await context.until(handle.record())).history[0]?.status, 'unknown', 'the step')
    },
  },
  ...(
    [
      ['done', { kind: 'done', result: 'found' }, 'found', 1],
      ['not done', { kind: 'not_done' }, 'paid again', 2],
    ] as const
  ).map(([name, found, result, bodies]): EngineCase => ({
    name: `reconcile that finds ${name} decides an unknown step`,
    run: async (context) => {
      const asked: string[] = []
      const paying = cutOff(async (key) => {
        asked.push(key)
        return found
      })
      const { handle, runId } = await killInStep(context, paying)
      checkEqual(checkDone(await context.until(handle.result()), name), result, 'the result')
      checkEqual(asked, [`${runId}/1`], 'the key that was asked for')
      check(paying.keys.length === bodies && new Set(paying.keys).size === 1, `the keys were ${paying.keys.join()}`)
      const resolved = eventsOf(await logOf(context, runId), 'step.resolved')[0]
      checkEqual([resolved?.data.by, resolved?.data.resolution.kind], ['reconcile', found.kind], 'the decision')
    },
  })),
  ...(
    [
      ['finds nothing', async () => ({ kind: 'unknown' })],
      ['throws', () => Promise.reject(new Error('no answer'))],
      ['finds what is no JSON', async () => ({ kind: 'done', result: Number.NaN })],
    ] as const
  ).map(([name, reconcile]): EngineCase => ({
    name: `reconcile that ${name} leaves the decision to a person`,
    run: async (context) => {
      const { handle, runId } = await killInStep(context, cutOff(reconcile as () => Promise<Reconciled<Json>>))
      await untilLogged(context, runId, 'step.unknown')
      await context.pass(50)
      await context.until(handle.resolve(1, { kind: 'done', result: 'by hand' }))
      checkEqual(checkDone(await context.until(handle.result()), name), 'by hand', 'the result')
    },
  })),
  {
    name: 'an operator decides an unknown step: done, not done, or failed',
    run: async (context) => {
      const error = { code: 'tool.failed', message: 'it did not work', retryable: false }
      const decisions = [
        [{ kind: 'done', result: 'known' }, 'completed', 'known'],
        [{ kind: 'not_done' }, 'completed', 'paid again'],
        [{ kind: 'fail', error }, 'failed', undefined],
      ] as const
      for (const [resolution, status, result] of decisions) {
        const paying = cutOff()
        const { engine, handle, runId } = await killInStep(context, paying)
        await untilLogged(context, runId, 'step.unknown')
        await context.until(handle.resolve(1, resolution))
        const record = await context.until(handle.result())
        checkEqual([record.status, record.result ?? null], [status, result ?? null], resolution.kind)
        if (resolution.kind === 'fail') checkEqual(record.error?.code, 'tool.failed', 'the error')
        await context.until(engine.stop({ graceMs: 0, hardLimitMs: 0 }))
      }
    },
  },
  {
    name: 'only an unknown step can be decided',
    run: async (context) => {
      const { handle, runId } = await killInStep(context, cutOff())
      await untilLogged(context, runId, 'step.unknown')
      checkEqual(
        await codeOf(context.until(handle.resolve(2, { kind: 'not_done' }))),
        'step.not_unknown',
        'no such step',
      )
      await context.until(handle.resolve(1, { kind: 'done', result: null }))
      await context.until(handle.result())
      checkEqual(
        await codeOf(context.until(handle.resolve(1, { kind: 'not_done' }))),
        'step.not_unknown',
        'a known step',
      )
    },
  },
  {
    name: 'a decision that was recorded holds when the engine dies before it delivers the outcome',
    run: async (context) => {
      const paying = cutOff()
      const decisions = [
        ['done', { kind: 'done', result: 'paid' }],
        ['failed', { kind: 'fail', error: { code: 'tool.failed', message: 'bounced', retryable: false } }],
      ] as const
      for (const [runId, resolution] of decisions) {
        const resolved: NewEvent = { type: 'step.resolved', at: 0, data: { number: 1, resolution, by: 'operator' } }
        await leaveBehind(context, runId, [resolved])
      }
      const { engine } = await context.open({ definitions: [paying.definition] })
      checkEqual(checkDone(await context.until(engine.handle('done').result()), 'done'), 'paid', 'the result')
      const failed = await context.until(engine.handle('failed').result())
      checkEqual(failed.error?.message, 'bounced', 'the error')
      checkEqual(paying.keys, [], 'bodies')
    },
  },
  {
    name: 'a decision about one try is not taken for one about the next, which may have done it',
    run: async (context) => {
      const paying = cutOff()
      // `reconcile` was faster than the person, and the process died in the second try.
      await leaveBehind(context, 'run', [
        { type: 'step.resolved', at: 0, data: { number: 1, resolution: { kind: 'not_done' }, by: 'reconcile' } },
        { type: 'attempt.started', at: 0, data: { number: 1, attempt: 2 } },
      ])
      const data = { step: 1, attempt: 1, resolution: { kind: 'not_done' } }
      await context.store.inbox.deliver('system', 'run', { id: 'late', kind: 'resolve', data })
      const { engine } = await context.open({ definitions: [paying.definition] })
      await untilLogged(context, 'run', 'step.unknown', 2)
      await context.pass(50)
      checkEqual(paying.keys, [], 'bodies')
      await context.until(engine.handle('run').resolve(1, { kind: 'done', result: 'paid' }))
      checkEqual(checkDone(await context.until(engine.handle('run').result()), 'decided'), 'paid', 'the result')
    },
  },
  {
    name: 'a decision in a later segment is not taken for one of an earlier segment',
    run: async (context) => {
      let bodies = 0
      const definition = code<Json, Json>('segments', async (ctx, state) => {
        await ctx.step('pay', once, async () => {
          bodies++
          throw new DOMException('cut', 'AbortError')
        })
        return state === 'second' ? 'done' : ctx.continueWith('second')
      })
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      for (const count of [1, 2]) {
        await untilLogged(context, handle.runId, 'step.unknown', count)
        await context.until(handle.resolve(count, { kind: 'done', result: null }))
      }
      checkEqual(checkDone(await context.until(handle.result()), 'decided twice'), 'done', 'the result')
      check(bodies === 2, `the bodies ran ${bodies} times`)
    },
  },
  {
    name: 'steps of a later segment have keys of their own, also after a crash',
    run: async (context) => {
      const keys: string[] = []
      const definition = code<Json, Json>('keys', async (ctx, state) => {
        const pay = (name: string) =>
          ctx.step(name, { effect: 'idempotent' }, async ({ idempotencyKey }) => {
            keys.push(idempotencyKey)
            return null
          })
        // A race takes a number and no place in the log: numbering after a crash must not depend on it.
        await ctx.race([pay('first')])
        if (state !== 'second') return ctx.continueWith('second')
        await ctx.signalled('go')
        await pay('last')
        return 'done'
      })
      const first = await context.open({ definitions: [definition] })
      const { runId } = await begin(context, first.engine, definition)
      await untilLogged(context, runId, 'signal.awaited')
      first.crash()
      const { engine } = await context.open({ definitions: [definition] })
      await context.until(engine.handle(runId).signal('go', null))
      checkDone(await context.until(engine.handle(runId).result()), 'continued')
      checkEqual(
        keys,
        [1, 2, 5].map((number) => `${runId}/${number}`),
        'the keys',
      )
    },
  },
  {
    name: 'a timeout, an abort and a broken connection leave a step unknown that must not be repeated',
    run: async (context) => {
      const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      const bodies: readonly ((signal: AbortSignal) => Promise<null>)[] = [
        (signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('x')))),
        () => Promise.reject(new DOMException('cut', 'AbortError')),
        () => Promise.reject(reset),
        () => Promise.reject(new TypeError('fetch failed', { cause: reset })),
        () => Promise.reject(new MeepoError('step.timeout', 'no answer came')),
      ]
      const { engine } = await context.open()
      for (const [index, body] of bodies.entries()) {
        let count = 0
        const definition = code(`uncertain-${index}`, (ctx) =>
          ctx.step('pay', { effect: 'irreversible', timeoutMs: 20 }, ({ signal }) => {
            count++
            return body(signal)
          }),
        )
        const handle = await begin(context, engine, definition)
        await untilLogged(context, handle.runId, 'step.unknown')
        check(count === 1, `body ${index} ran ${count} times`)
      }
    },
  },
  {
    name: 'an error that is the word of the body itself fails a step that must not be repeated',
    run: async (context) => {
      const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
      for (const [index, error] of [new Error('declined'), refused].entries()) {
        const definition = code(`certain-${index}`, (ctx) => ctx.step('pay', once, () => Promise.reject(error)))
        checkEqual((await runOnce(context, definition)).error?.message, error.message, 'the error')
      }
    },
  },
  {
    name: 'cancel ends a run with an unknown step, and lists it',
    run: async (context) => {
      const { handle, runId } = await killInStep(context, cutOff())
      await untilLogged(context, runId, 'step.unknown')
      await context.until(handle.cancel('enough'))
      const record = await context.until(handle.result())
      checkEqual([record.status, record.history[0]?.status], ['cancelled', 'unknown'], 'the end')
      checkEqual(unknownOf(await logOf(context, runId)), [1], 'unknown steps')
    },
  },
  {
    name: 'cancel in the middle of a step that must not be repeated makes it unknown',
    run: async (context) => {
      const paying = cutOff()
      const { engine } = await context.open({ definitions: [paying.definition] })
      const handle = await begin(context, engine, paying.definition)
      await untilLogged(context, handle.runId, 'step.started')
      await context.pass(20)
      await context.until(handle.cancel('enough'))
      await context.until(handle.result())
      checkEqual(unknownOf(await logOf(context, handle.runId)), [1], 'unknown steps')
    },
  },
  {
    name: 'a deadline that passed while nobody drove the run still lists the step that a crash cut off',
    run: async (context) => {
      const paying = cutOff()
      const first = await context.open({ definitions: [paying.definition] })
      const limits = { deadlineAt: context.now() + 300 }
      const { runId } = await begin(context, first.engine, paying.definition, { limits })
      for (let round = 0; paying.keys.length === 0 && round < 50; round++) await context.pass(5)
      first.crash()
      await context.pass(400)
      const { engine } = await context.open({ definitions: [paying.definition] })
      const record = await context.until(engine.handle(runId).result())
      checkEqual(record.error?.code, 'run.deadline', 'the end')
      checkEqual(unknownOf(await logOf(context, runId)), [1], 'unknown steps')
    },
  },
]
