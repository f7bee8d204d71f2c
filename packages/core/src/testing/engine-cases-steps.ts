import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { guardSchema } from '../base/schema.ts'
import type { RunContext, StepOptions } from '../run/context.ts'
import type { Definition } from '../run/definition.ts'
import { check, checkEqual } from './check.ts'
import {
  begin,
  checkDone,
  code,
  codeOf,
  eventsOf,
  eventually,
  gate,
  known,
  logOf,
  once,
  read,
  runOnce,
  twice,
  typesOf,
  untilLogged,
  type EngineCase,
} from './engine-case.ts'

const busy = (): MeepoError => new MeepoError('step.timeout', 'busy')
const number = guardSchema((value): value is number => typeof value === 'number', 'a number', { type: 'number' })

/** One step with a body that ends as `outcomes` say: an error is thrown, anything else is returned. */
function tries(
  options: StepOptions,
  outcomes: readonly unknown[],
): { definition: Definition<null, Json>; bodies(): number } {
  let bodies = 0
  const definition = code<null, Json>('tries', async (ctx) => {
    const result = await ctx.step('try', options, async () => {
      const outcome = outcomes[Math.min(bodies++, outcomes.length - 1)]
      if (outcome instanceof Error) throw outcome
      return outcome as Json
    })
    return result as Json
  })
  return { definition, bodies: () => bodies }
}

/** How steps run, fail and are tried again. */
export const stepCases: readonly EngineCase[] = [
  {
    name: 'a step runs once and its result survives a crash',
    run: async (context) => {
      let bodies = 0
      const definition = code('survives', async (ctx) => {
        const value = await ctx.step('count', read, async () => ++bodies)
        await ctx.signalled('go')
        return value
      })
      const first = await context.open({ definitions: [definition], idleMs: 60_000 })
      const { runId } = await begin(context, first.engine, definition)
      await untilLogged(context, runId, 'step.completed')
      first.crash()
      const { engine } = await context.open({ definitions: [definition] })
      const handle = engine.handle(runId)
      await context.until(handle.signal('go', null))
      checkEqual(checkDone(await context.until(handle.result()), 'after the crash'), 1, 'the result')
      check(bodies === 1, `the body ran ${bodies} times`)
    },
  },
  {
    name: 'what a body returns is what a replay reads: JSON, and nobody else holds it',
    run: async (context) => {
      const mine = { list: [1], at: new Date(0), nothing: undefined }
      const definition = code('copies', async (ctx) => {
        const value = await ctx.step('make', read, async () => mine as unknown as Json)
        mine.list.push(2)
        return value
      })
      const record = await runOnce(context, definition)
      checkEqual(record.result, { list: [1], at: '1970-01-01T00:00:00.000Z' }, 'the result')
    },
  },
  {
    name: 'a step is tried again after a retryable error, with one key and counted attempts',
    run: async (context) => {
      const seen: Json[] = []
      const definition = code('again', (ctx) =>
        ctx.step('try', { effect: 'idempotent', retry: twice }, async ({ id, idempotencyKey, count }) => {
          seen.push([id.slice(ctx.runId.length), idempotencyKey.slice(ctx.runId.length), count])
          if (count === 1) throw busy()
          return count
        }),
      )
      const record = await runOnce(context, definition)
      checkEqual(checkDone(record, 'retried'), 2, 'the result')
      checkEqual(
        seen,
        [
          ['/1/1', '/1', 1],
          ['/1/2', '/1', 2],
        ],
        'the attempts',
      )
      checkEqual(record.history[0]?.attempts, 2, 'attempts in the record')
    },
  },
  {
    name: 'a step is not tried again after an error that is not retryable, nor beyond its policy',
    run: async (context) => {
      const final = tries({ effect: 'read', retry: twice }, [new Error('broken')])
      checkEqual((await runOnce(context, final.definition)).error?.message, 'broken', 'the error')
      check(final.bodies() === 1, `an error that is not retryable was tried ${final.bodies()} times`)
    },
  },
  {
    name: 'a step fails with its last error when its attempts are used up',
    run: async (context) => {
      const always = tries({ effect: 'read', retry: twice }, [busy()])
      const record = await runOnce(context, always.definition)
      checkEqual([record.status, record.error?.code], ['failed', 'step.timeout'], 'the end')
      check(always.bodies() === 2, `tried ${always.bodies()} times`)
    },
  },
  {
    name: 'a retry delay outlives a crash, and the attempts before it count',
    run: async (context) => {
      let bodies = 0
      const retry = { maxAttempts: 2, initialMs: 400, factor: 1, maxMs: 400 }
      const definition = code('delayed', (ctx) =>
        ctx.step('try', { effect: 'read', retry }, async () => {
          bodies++
          throw busy()
        }),
      )
      const first = await context.open({ definitions: [definition] })
      const { runId } = await begin(context, first.engine, definition)
      await untilLogged(context, runId, 'attempt.failed')
      first.crash()
      const { engine } = await context.open({ definitions: [definition] })
      const record = await context.until(engine.handle(runId).result())
      checkEqual(record.error?.code, 'step.timeout', 'the end')
      check(bodies === 2, `tried ${bodies} times`)
    },
  },
  {
    name: 'a step that must not be repeated is tried again only after an error before its call left',
    run: async (context) => {
      const notSent = tries({ effect: 'once', retry: twice }, [
        new MeepoError('step.timeout', 'full', { notSent: true }),
        'sent',
      ])
      checkEqual(checkDone(await runOnce(context, notSent.definition), 'not sent'), 'sent', 'the result')
    },
  },
  {
    name: 'a timeout aborts the signal of the attempt',
    run: async (context) => {
      let reason: unknown
      const definition = code('slow', (ctx) =>
        ctx.step('slow', { ...read, timeoutMs: 20 }, (attempt) => aborted(attempt.signal, (why) => (reason = why))),
      )
      const record = await runOnce(context, definition)
      checkEqual(record.error?.code, 'step.timeout', 'the error')
      check(MeepoError.is(reason) && reason.code === 'step.timeout', 'the signal tells why')
    },
  },
  {
    name: 'a body that ignores its abort is given up after a grace time',
    run: async (context) => {
      const definition = code('deaf', (ctx) =>
        ctx.step('deaf', { ...read, timeoutMs: 20 }, () => new Promise<null>(() => undefined)),
      )
      const record = await runOnce(context, definition)
      checkEqual(record.error?.code, 'step.timeout', 'the error')
    },
  },
  {
    name: 'a result that is no JSON fails the step, and the body is not repeated',
    run: async (context) => {
      for (const value of [() => 1, Number.NaN, [undefined], 1n]) {
        const bad = tries({ effect: 'once', retry: twice }, [value])
        checkEqual((await runOnce(context, bad.definition)).error?.code, 'json.invalid', typeof value)
        check(bad.bodies() === 1, 'the body ran again')
      }
    },
  },
  {
    name: 'a result over 8 MB fails the step',
    run: async (context) => {
      const large = tries(read, ['x'.repeat(8 * 1024 * 1024 + 1)])
      checkEqual((await runOnce(context, large.definition)).error?.code, 'result.too_large', 'the error')
    },
  },
  {
    name: 'large results, inputs, states and child results lie in blobs and come back whole',
    run: async (context) => {
      const text = 'ä'.repeat(300_000)
      const echo = code<string, string>(
        'echo',
        async (ctx, input) => input + (await ctx.step('x', read, async () => 'x')),
      )
      const definition = code<string, string>(
        'large',
        async (ctx, input) => {
          if (input.startsWith('b')) {
            await ctx.signalled('go')
            return `${input.length}`
          }
          const step = await ctx.step('grow', read, async () => `a${input}`)
          const child = await ctx.child(echo, 'child', step)
          return ctx.continueWith(`b${child}`)
        },
        { uses: [known(echo)] },
      )
      const { engine } = await context.open({ definitions: [known(definition)] })
      const handle = await begin(context, engine, definition, { input: text })
      await untilLogged(context, handle.runId, 'run.continued')
      await context.until(handle.signal('go', null))
      const record = await context.until(handle.result())
      checkEqual(checkDone(record, 'large'), '300003', 'the length')
      const log = await logOf(context, handle.runId)
      const stored = [
        eventsOf(log, 'run.created')[0]?.data.input,
        eventsOf(log, 'step.completed')[0]?.data.result,
        eventsOf(log, 'child.completed')[0]?.data.result,
        eventsOf(log, 'run.continued')[0]?.data.state,
      ]
      check(
        stored.every((value) => value && 'ref' in value),
        'a large value lies in the log itself',
      )
    },
  },
  {
    name: 'a large result of a run comes back whole, also from another engine',
    run: async (context) => {
      const text = 'y'.repeat(300_000)
      const definition = code('wordy', (ctx) => ctx.step('talk', read, async () => text))
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      checkEqual((await context.until(handle.result())).result, text, 'the result')
      const other = await context.open()
      checkEqual((await context.until(other.engine.handle(handle.runId).result())).result, text, 'the result elsewhere')
    },
  },
  {
    name: 'a failing task that nobody awaits is no unhandled rejection',
    run: async (context) => {
      const definition = code('careless', async (ctx) => {
        void ctx.step('fail', read, () => Promise.reject(new Error('nobody cares')))
        await ctx.sleep(5)
        return 'done'
      })
      checkEqual(checkDone(await runOnce(context, definition), 'careless'), 'done', 'the result')
    },
  },
  {
    name: 'a body that calls the context gets ctx.inside_step, also in a later attempt',
    run: async (context) => {
      const codes: string[] = []
      const definition = code('inside', async (ctx) => {
        await ctx.step('outer', { effect: 'read', retry: twice }, async ({ count }) => {
          codes.push(await codeOf(call(ctx)))
          if (count === 1) throw busy()
          return null
        })
        return 'done'
      })
      checkEqual(checkDone(await runOnce(context, definition), 'inside'), 'done', 'the result')
      checkEqual(codes, ['ctx.inside_step', 'ctx.inside_step'], 'the errors')
    },
  },
  {
    name: 'a body that throws before it returns a promise fails its step',
    run: async (context) => {
      const definition = code('abrupt', (ctx) =>
        ctx.step('abrupt', once, () => {
          throw new Error('at once')
        }),
      )
      checkEqual((await runOnce(context, definition)).error?.message, 'at once', 'the error')
    },
  },
  {
    name: 'the result of a run must match the output schema, and be JSON',
    run: async (context) => {
      const wrong = code('wrong', async () => 'text' as never, { output: number })
      checkEqual((await runOnce(context, wrong)).error?.code, 'output.invalid', 'the error')
      const odd = code('odd', async () => [undefined] as never)
      checkEqual((await runOnce(context, odd)).error?.code, 'json.invalid', 'the error')
      const right = code('right', async () => 3, { output: number })
      checkEqual((await runOnce(context, right)).result, 3, 'the result')
    },
  },
  {
    name: 'an input that does not match its schema is refused at the start, and nothing is created',
    run: async (context) => {
      const definition = code('strict', async () => null, { input: number })
      const { engine } = await context.open({ definitions: [known(definition)] })
      checkEqual(await codeOf(begin(context, engine, definition, { input: 'one' })), 'input.invalid', 'the refusal')
      checkEqual((await context.until(engine.runs())).length, 0, 'runs')
    },
  },
  {
    name: 'a body only starts when its intent is durable, unless it is a free read',
    run: async (context) => {
      const held = gate()
      const before: Json[] = []
      const definition = code('intent', async (ctx) => {
        await Promise.all(
          (['idempotent', 'once', 'irreversible'] as const).map((effect) =>
            ctx.step(effect, { effect }, async () => {
              before.push(
                eventsOf(await logOf(context, ctx.runId), 'step.started').some(({ data }) => data.name === effect),
              )
              return null
            }),
          ),
        )
        await ctx.step('paid', { ...read, isPaid: true }, async () => {
          before.push(typesOf(await logOf(context, ctx.runId)).filter((type) => type === 'step.started').length === 4)
          held.open()
          return null
        })
        return 'done'
      })
      checkDone(await runOnce(context, definition), 'intent')
      await eventually(context, 'all bodies looked', () => before.length === 4)
      checkEqual(before, [true, true, true, true], 'the intent was durable')
    },
  },
]

async function call(ctx: RunContext): Promise<void> {
  await ctx.sleep(1)
}

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal, tell: (reason: unknown) => void): Promise<null> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      tell(signal.reason)
      reject(new Error('stopped'))
    })
  })
}
