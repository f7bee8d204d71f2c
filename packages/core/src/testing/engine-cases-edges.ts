import type { Json } from '../base/json.ts'
import type { RunContext } from '../run/context.ts'
import type { Task } from '../run/task.ts'
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
  untilLogged,
  untilWaiting,
  type EngineCase,
} from './engine-case.ts'

const tell = (call: () => unknown): Promise<string> => codeOf(Promise.resolve().then(call))

/** Calls that make no sense, and things that happen at the same time. */
export const edgeCases: readonly EngineCase[] = [
  {
    name: 'calls that make no sense are ctx.invalid_call, and the run can go on',
    run: async (context) => {
      const definition = code('odd', async (ctx) => [
        await tell(() => ctx.sleep(-1)),
        await tell(() => ctx.sleep(Number.NaN)),
        await tell(() => ctx.race([])),
        await tell(() => ctx.race([Promise.resolve() as unknown as Task<unknown>])),
        await tell(() => ctx.cancel(Promise.resolve() as unknown as Task<unknown>, 'x')),
      ])
      const record = await runOnce(context, definition)
      checkEqual(
        checkDone(record, 'odd'),
        Array.from({ length: 5 }, () => 'ctx.invalid_call'),
        'the errors',
      )
    },
  },
  {
    name: 'a task tells its number, kind and name; cancel of one that ended does nothing; several may cancel one',
    run: async (context) => {
      const definition = code('tells', async (ctx) => {
        const done = ctx.step('one', read, async () => 1)
        await done
        await ctx.cancel(done, 'too late')
        const slow = ctx.sleep(60_000)
        await Promise.all([ctx.cancel(slow, 'a'), ctx.cancel(slow, 'b')])
        return [done.number, done.kind, done.name, slow.kind, ctx.signal.aborted, await codeOf(slow)]
      })
      checkEqual(
        checkDone(await runOnce(context, definition), 'tells'),
        [1, 'step', 'one', 'sleep', false, 'task.cancelled'],
        'the tasks',
      )
    },
  },
  {
    name: 'the signal of a run aborts when its end begins',
    run: async (context) => {
      const seen: AbortSignal[] = []
      const definition = code('watches', (ctx) => {
        seen.push(ctx.signal)
        return ctx.signalled('never')
      })
      const { engine } = await context.open({ definitions: [definition], idleMs: 60_000 })
      const handle = await begin(context, engine, definition)
      await untilLogged(context, handle.runId, 'signal.awaited')
      await context.until(handle.cancel('enough'))
      await context.until(handle.result())
      check(seen.length === 1 && seen[0]?.aborted === true, 'the signal did not abort')
    },
  },
  {
    name: 'a run that waits forever for what is no task fails while its tasks are open',
    run: async (context) => {
      const outside = gate()
      const definition = code('returns', async (ctx) => {
        void ctx.sleep(60_000)
        await outside.opened
        return 'done'
      })
      const { engine } = await context.open({ definitions: [definition], idleMs: 60_000 })
      const handle = await begin(context, engine, definition)
      await untilLogged(context, handle.runId, 'sleep.started')
      outside.open()
      checkEqual((await context.until(handle.result())).error?.code ?? null, 'run.foreign_await', 'the error')
    },
  },
  {
    name: 'a large result and open tasks: what arrives while it is stored is not delivered any more',
    run: async (context) => {
      const text = 'z'.repeat(300_000)
      const definition = code('large', async (ctx) => {
        void ctx.signalled('go')
        void ctx.step('quick', read, async () => 1)
        await ctx.sleep(1)
        return text
      })
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      // Nothing orders the signal and the end, which the run comes to by itself: a delivery is durable before the end and
      // accepted, or it finds the run ended and is refused. A store in memory always hears of the signal first; over a
      // network either may be.
      const sent = await context.until(codeOf(handle.signal('go', 1)))
      if (sent === 'run.ended') {
        checkEqual((await context.store.log.run('system', handle.runId)).status, 'completed', 'what the refusal says')
      } else {
        checkEqual(sent, 'nothing', 'what the signal was refused with')
      }
      checkEqual(checkDone(await context.until(handle.result()), 'large')?.length, text.length, 'the length')
    },
  },
  {
    name: 'an outcome that was recorded while its run ended is there when the run is reopened: nothing is done twice',
    run: async (context) => {
      let bodies = 0
      const definition = code('late', async (ctx) => {
        const paid = ctx.step('pay', once, async ({ signal }) => {
          bodies++
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          return 'paid all the same'
        })
        return [await paid, await ctx.step('after', read, async () => 'then')]
      })
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      await eventually(context, 'the body runs', () => bodies === 1)
      await context.until(handle.cancel('a mistake'))
      checkEqual((await context.until(handle.result())).status, 'cancelled', 'the first end')
      await context.until(engine.resume(handle.runId))
      checkEqual(
        checkDone(await context.until(handle.result()), 'reopened'),
        ['paid all the same', 'then'],
        'the result',
      )
      check(bodies === 1, `the body ran ${bodies} times`)
    },
  },
  {
    name: 'code that skips a recorded call of an earlier number fails, and lists its cut-off step as unknown',
    run: async (context) => {
      let bodies = 0
      const make = (isBefore: boolean) =>
        code<Json, Json>('skips', async (ctx) => {
          if (isBefore) {
            void ctx.step('pay', once, () => {
              bodies++
              return new Promise<null>(() => undefined)
            })
          } else ctx.race([ctx.sleep(1)]).catch(() => undefined)
          return ctx.signalled('go')
        })
      const before = make(true)
      const first = await context.open({ definitions: [known(before)] })
      const { runId } = await begin(context, first.engine, before)
      await eventually(context, 'the body runs', () => bodies === 1)
      first.crash()
      const { engine } = await context.open({ definitions: [known(make(false))] })
      const record = await context.until(engine.handle(runId).result())
      checkEqual(record.error?.code ?? null, 'run.nondeterministic', 'the error')
      checkEqual(eventsOf(await logOf(context, runId), 'run.failed')[0]?.data.unknownSteps, [1], 'unknown steps')
    },
  },
  {
    name: 'code that no longer makes an open call, or makes one where its log has none, fails',
    run: async (context) => {
      const calls = [
        [(ctx: RunContext) => ctx.sleep(60_000), () => Promise.resolve()],
        [(ctx: RunContext) => ctx.race([ctx.sleep(1)]), async (ctx: RunContext) => void (ctx.sleep(1), ctx.sleep(1))],
      ] as const
      for (const call of calls) {
        const make = (run: (ctx: RunContext) => Promise<unknown>) =>
          code('changed', async (ctx) => {
            const extra = run(ctx)
            extra.catch(() => undefined)
            await Promise.all([ctx.signalled('a'), ctx.signalled('b')])
            await extra
            return null
          })
        const before = make(call[0])
        const first = await context.open({ definitions: [before] })
        const handle = await begin(context, first.engine, before)
        await untilWaiting(context, handle.runId)
        first.crash()
        const { engine } = await context.open({ definitions: [make(call[1])] })
        await context.until(engine.handle(handle.runId).signal('a', 1))
        const { error } = await context.until(engine.handle(handle.runId).result())
        checkEqual(error?.code ?? null, 'run.nondeterministic', 'the error')
        await context.until(engine.stop({ graceMs: 0, hardLimitMs: 0 }))
      }
    },
  },
  {
    name: 'two waits for one signal both get it, and mail that means nothing is put away',
    run: async (context) => {
      const definition = code('both', async (ctx) => {
        const both = await Promise.all([ctx.signalled('go'), ctx.signalled('go', { timeoutMs: 60_000 })])
        await ctx.signalled('end')
        return both
      })
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      await untilWaiting(context, handle.runId)
      await context.until(handle.signal('go', 5))
      const data = { childRunId: 'nobody', outcome: { kind: 'completed', result: { value: 1 } } }
      await context.store.inbox.deliver('system', handle.runId, { id: 'stray', kind: 'child', data })
      const decision = { step: 7, resolution: { kind: 'not_done' } }
      await context.store.inbox.deliver('system', handle.runId, { id: 'stray-2', kind: 'resolve', data: decision })
      await eventually(
        context,
        'the inbox is empty',
        async () => (await context.store.inbox.pending('system', handle.runId)).length === 0,
      )
      await context.until(handle.signal('end', null))
      checkEqual(checkDone(await context.until(handle.result()), 'both'), [5, 5], 'the values')
    },
  },
]
