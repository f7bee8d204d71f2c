import type { Json } from '../base/json.ts'
import { guardSchema } from '../base/schema.ts'
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
  read,
  runOnce,
  typesOf,
  untilLogged,
  untilWaiting,
  type EngineCase,
} from './engine-case.ts'

const number = guardSchema((value): value is number => typeof value === 'number', 'a number', { type: 'number' })
const waits = code('waits', async (ctx) => {
  const value = await ctx.signalled('go')
  return [value, await ctx.step('after', read, async () => 'then')]
})

/** Sleeps, signals, races and cancels of tasks. */
export const waitingCases: readonly EngineCase[] = [
  {
    name: 'a signal before, during or after the wait is the same, also to a run that was evicted',
    run: async (context) => {
      const { engine } = await context.open({ definitions: [waits] })
      const before = await begin(context, engine, waits)
      await context.until(before.signal('go', 1))
      checkEqual(checkDone(await context.until(before.result()), 'before'), [1, 'then'], 'before')
      const evicted = await begin(context, engine, waits)
      await untilWaiting(context, evicted.runId)
      await context.until(evicted.signal('go', 2))
      checkEqual(checkDone(await context.until(evicted.result()), 'evicted'), [2, 'then'], 'evicted')
      const late = code('late', async (ctx) => {
        await ctx.step('first', read, async () => null)
        await ctx.sleep(200)
        return ctx.signalled('go')
      })
      const early = await begin(context, engine, late)
      await untilLogged(context, early.runId, 'sleep.started')
      await context.until(early.signal('go', 3))
      checkEqual(checkDone(await context.until(early.result()), 'early'), 3, 'long before anybody asks')
    },
  },
  {
    name: 'an equal second signal is ignored, another one is signal.conflict, and both wait for nothing',
    run: async (context) => {
      const both = code('both', async (ctx) => [
        await ctx.signalled('a'),
        await ctx.signalled('b'),
        await ctx.signalled('a'),
      ])
      const { engine } = await context.open({ definitions: [both] })
      const handle = await begin(context, engine, both)
      await context.until(handle.signal('a', { x: 1, y: 2 }))
      await context.until(handle.signal('a', { y: 2, x: 1 }))
      checkEqual(await codeOf(context.until(handle.signal('a', 2))), 'signal.conflict', 'another value')
      await untilLogged(context, handle.runId, 'signal.received')
      checkEqual(await codeOf(context.until(handle.signal('a', 3))), 'signal.conflict', 'another value, later')
      await context.until(handle.signal('b', null))
      const result = checkDone(await context.until(handle.result()), 'both')
      checkEqual(result, [{ x: 1, y: 2 }, null, { x: 1, y: 2 }], 'the values')
      checkEqual(await codeOf(context.until(handle.signal('c', 1))), 'run.ended', 'a signal to an ended run')
    },
  },
  {
    name: 'an acknowledged signal outlives the engine that was to read it',
    run: async (context) => {
      const first = await context.open({ definitions: [waits] })
      const { runId } = await begin(context, first.engine, waits)
      await untilWaiting(context, runId)
      await context.until(first.engine.handle(runId).signal('go', 'kept'))
      first.crash()
      const { engine } = await context.open({ definitions: [waits] })
      checkEqual(checkDone(await context.until(engine.handle(runId).result()), 'kept'), ['kept', 'then'], 'the result')
    },
  },
  {
    name: 'a signal that does not come in time is signal.timeout; the time goes on while the run is evicted',
    run: async (context) => {
      const begun = context.now()
      const definition = code('impatient', (ctx) => ctx.signalled('go', { timeoutMs: 150 }))
      const record = await runOnce(context, definition)
      checkEqual(record.error?.code, 'signal.timeout', 'the error')
      check(context.now() - begun >= 150, 'it timed out too early')
      check(context.now() - begun < 1_400, `it took ${context.now() - begun} ms to time out`)
    },
  },
  {
    name: 'the value of a signal must match its schema, live and on replay',
    run: async (context) => {
      const definition = code('picky', async (ctx) => {
        const told = await codeOf(ctx.signalled('go', { schema: number }))
        await ctx.signalled('end')
        return told
      })
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      await context.until(handle.signal('go', 'text'))
      await untilWaiting(context, handle.runId)
      await context.until(handle.signal('end', null))
      checkEqual(checkDone(await context.until(handle.result()), 'picky'), 'input.invalid', 'the error')
    },
  },
  {
    name: 'a run that only sleeps is evicted and wakes in time, one sleep after the other',
    run: async (context) => {
      const definition = code('sleepy', async (ctx) => {
        const at = ctx.now()
        for (let night = 0; night < 3; night++) await ctx.sleep(60)
        return ctx.now() - at
      })
      const { engine } = await context.open({ definitions: [definition] })
      const runs = []
      for (let count = 0; count < 3; count++) runs.push(await begin(context, engine, definition))
      for (const run of runs) {
        const slept = checkDone(await context.until(run.result()), 'sleepy') ?? 0
        check(slept >= 180 && slept < 900, `three sleeps of 60 ms took ${slept} ms`)
      }
      const owned = await context.store.log.run('system', runs[0]?.runId ?? '')
      checkEqual(owned.status, 'completed', 'the status')
    },
  },
  {
    name: 'a run that waits for a child is evicted, and wakes with its end',
    run: async (context) => {
      const slow = code('slow', async (ctx) => {
        await ctx.signalled('go')
        return 'child'
      })
      const parent = code('parent', (ctx) => ctx.child(slow, 'one', null), { uses: [known(slow)] })
      const { engine } = await context.open({ definitions: [parent] })
      const handle = await begin(context, engine, parent)
      await untilWaiting(context, handle.runId)
      const [child] = await context.until(engine.runs({ parent: handle.runId }))
      await untilWaiting(context, child?.runId ?? '')
      await context.until(engine.handle(child?.runId ?? '').signal('go', null))
      checkEqual(checkDone(await context.until(handle.result()), 'parent'), 'child', 'the result')
    },
  },
  {
    name: 'a child whose definition nobody registered goes on after it was evicted',
    run: async (context) => {
      const stray = code('stray', (ctx) => ctx.signalled('go'))
      const parent = code('parent', (ctx) => ctx.child(stray, 'one', null))
      const { engine } = await context.open({ definitions: [parent] })
      const handle = await begin(context, engine, parent)
      await untilWaiting(context, handle.runId)
      const [child] = await context.until(engine.runs({ parent: handle.runId }))
      await untilWaiting(context, child?.runId ?? '')
      await context.until(engine.handle(child?.runId ?? '').signal('go', 'found'))
      checkEqual(checkDone(await context.until(handle.result()), 'stray'), 'found', 'the result')
    },
  },
  {
    name: 'a race is decided by the first delivery, and the losers go on',
    run: async (context) => {
      const definition = code('race', async (ctx) => {
        const slow = ctx.sleep(80)
        const fast = ctx.step('fast', read, async () => 'won')
        const first = await ctx.race([slow, fast])
        const again = await ctx.race([slow, fast])
        await slow
        const done = await ctx.race([slow, fast])
        return [first, again, done].map(({ task, ok }) => [task.name, ok]) as Json
      })
      const record = await runOnce(context, definition)
      checkEqual(
        checkDone(record, 'race'),
        [
          ['fast', true],
          ['fast', true],
          ['fast', true],
        ],
        'the winners',
      )
    },
  },
  {
    name: 'a race tells the failure of its winner as a value',
    run: async (context) => {
      const definition = code('race', async (ctx) => {
        const first = await ctx.race([ctx.sleep(80), ctx.step('fail', read, () => Promise.reject(new Error('lost')))])
        return first.ok ? 'won' : first.error.message
      })
      checkEqual(checkDone(await runOnce(context, definition), 'race'), 'lost', 'the error')
    },
  },
  {
    name: 'a task that is cancelled rejects with task.cancelled, whatever kind it is',
    run: async (context) => {
      const runs = gate()
      const slow = code('slow', async (ctx) => {
        await ctx.step('tell', read, async () => runs.open())
        return ctx.signalled('never')
      })
      const definition = code(
        'cancels',
        async (ctx) => {
          const tasks = [
            ctx.sleep(60_000),
            ctx.signalled('never'),
            ctx.step(
              'hang',
              read,
              ({ signal }) =>
                new Promise<null>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('x')))),
            ),
            ctx.child(slow, 'one', null),
          ]
          await ctx.step('until the child runs', read, () => runs.opened)
          const told: string[] = []
          for (const task of tasks) {
            await ctx.cancel(task, 'changed my mind')
            await ctx.cancel(task, 'twice does nothing')
            told.push(await codeOf(task))
          }
          return told
        },
        { uses: [known(slow)] },
      )
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      const record = await context.until(handle.result())
      checkEqual(
        checkDone(record, 'cancels'),
        Array.from({ length: 4 }, () => 'task.cancelled'),
        'the errors',
      )
      const [child] = await context.until(engine.runs({ parent: handle.runId }))
      checkEqual(child?.status, 'cancelled', 'the child')
    },
  },
  {
    name: 'a task that is cancelled in the window that made it never begins',
    run: async (context) => {
      let bodies = 0
      const definition = code('fresh', async (ctx) => {
        const task = ctx.step('pay', { effect: 'once' }, async () => ++bodies)
        await ctx.cancel(task, 'at once')
        return codeOf(task)
      })
      const record = await runOnce(context, definition)
      checkEqual(checkDone(record, 'fresh'), 'task.cancelled', 'the error')
      check(bodies === 0, 'the body ran')
    },
  },
  {
    name: 'a run that ends cancels what is still open, and awaits it',
    run: async (context) => {
      let isEnded = false
      const definition = code('leaves', async (ctx) => {
        void ctx.sleep(60_000)
        void ctx.signalled('never')
        void ctx.step('hang', read, async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          await Promise.resolve()
          isEnded = true
        })
        await ctx.sleep(30)
        return 'done'
      })
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      checkEqual(checkDone(await context.until(handle.result()), 'leaves'), 'done', 'the result')
      check(isEnded, 'the body was not awaited')
      const log = await logOf(context, handle.runId)
      checkEqual(typesOf(log).at(-1), 'run.completed', 'the last event')
      checkEqual(eventsOf(log, 'task.cancelled').length + eventsOf(log, 'step.completed').length, 3, 'ends of tasks')
    },
  },
  {
    name: 'once the end began the code of the run goes no further',
    run: async (context) => {
      let bodies = 0
      const definition = code('stubborn', async (ctx) => {
        void ctx.step(
          'hang',
          read,
          ({ signal }) =>
            new Promise<null>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('x')))),
        )
        for (;;) {
          await ctx.sleep(10).catch(() => undefined)
          await ctx.step('more', read, async () => ++bodies).catch(() => undefined)
        }
      })
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      await eventually(context, 'it got going', () => bodies > 1)
      await context.until(handle.cancel('enough'))
      checkEqual((await context.until(handle.result())).status, 'cancelled', 'the end')
      const before = bodies
      await context.pass(60)
      check(bodies === before, 'bodies ran after the end')
    },
  },
]
