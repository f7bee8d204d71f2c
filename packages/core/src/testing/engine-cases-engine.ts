import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { noUsage } from '../base/usage.ts'
import type { Attempt } from '../run/context.ts'
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
  untilWaiting,
  type EngineCase,
} from './engine-case.ts'

const quick = code<Json, Json>('quick', async (ctx, input) => [input, await ctx.step('one', read, async () => 1)])

/** The engine as a whole: its queue, its room, its end, and the records it gives. */
export const wholeCases: readonly EngineCase[] = [
  {
    name: 'a start with the same run id and input is the same run, with another input it is run.exists',
    run: async (context) => {
      const { engine } = await context.open({ definitions: [known(quick)] })
      const first = await begin(context, engine, quick, { input: 'a', runId: 'mine' })
      const again = await begin(context, engine, quick, { input: 'a', runId: 'mine' })
      checkEqual([first.runId, again.runId], ['mine', 'mine'], 'the ids')
      checkEqual(
        await codeOf(begin(context, engine, quick, { input: 'b', runId: 'mine' })),
        'run.exists',
        'another input',
      )
      checkEqual(checkDone(await context.until(again.result()), 'again'), ['a', 1], 'the result')
      await begin(context, engine, quick, { input: 'a', runId: 'mine' })
      checkEqual((await context.until(engine.runs())).length, 1, 'runs')
    },
  },
  {
    name: 'an unknown definition, an unknown run and a stopped engine are refused by name',
    run: async (context) => {
      const { engine } = await context.open({ definitions: [known(quick)] })
      checkEqual(
        await codeOf(context.until(engine.start('nobody', null))),
        'definition.unknown',
        'an unknown definition',
      )
      checkEqual(await codeOf(context.until(engine.handle('nobody').result())), 'run.not_found', 'an unknown run')
      checkEqual(await codeOf(context.until(engine.handle('nobody').signal('x', 1))), 'run.not_found', 'a signal to it')
      checkEqual(
        await codeOf(Promise.resolve().then(() => engine.register(known({ ...quick })))),
        'definition.duplicate',
        'a second one',
      )
      const done = await begin(context, engine, quick)
      await context.until(done.result())
      checkEqual(await codeOf(context.until(engine.resume(done.runId))), 'run.not_resumable', 'a completed run')
      await context.until(engine.stop())
      checkEqual(await codeOf(context.until(engine.start(quick, null))), 'engine.stopped', 'a stopped engine')
    },
  },
  {
    name: 'a stopped engine still puts runs into the queue, and another one does them',
    run: async (context) => {
      const first = await context.open({ definitions: [known(quick)] })
      await context.until(first.engine.stop())
      const { runId } = await begin(context, first.engine, quick, { input: 'left', isQueued: true })
      checkEqual((await context.store.log.run('system', runId)).status, 'queued', 'the status')
      const second = await context.open({ definitions: [known(quick)] })
      checkEqual(
        checkDone(await context.until(second.engine.handle(runId).result()), 'left'),
        ['left', 1],
        'the result',
      )
    },
  },
  {
    name: 'higher priority goes first, then the earlier deadline, then age',
    run: async (context) => {
      const order: Json[] = []
      const definition = code<Json, Json>('ordered', async (ctx, input) => {
        order.push(input)
        return ctx.step('one', read, async () => null)
      })
      const late = context.now() + 100_000
      const blocker = gate()
      const block = code('block', (ctx) => ctx.step('hold', read, () => blocker.opened.then(() => null)))
      const first = await context.open({ definitions: [block], concurrency: 1 })
      await begin(context, first.engine, block)
      await context.pass(10)
      for (const [name, priority, deadlineAt] of [
        ['old', 0],
        ['new', 0],
        ['late', 0, late],
        ['soon', 0, late - 1],
        ['urgent', 5],
      ] as const) {
        const limits = deadlineAt === undefined ? {} : { deadlineAt }
        await begin(context, first.engine, definition, { input: name, priority, limits, isQueued: true })
      }
      blocker.open()
      await eventually(context, 'all have begun', () => order.length === 5)
      checkEqual(order, ['urgent', 'soon', 'late', 'old', 'new'], 'the order')
    },
  },
  {
    name: 'room is counted in runs that do something: waiting ones do not keep their children from starting',
    run: async (context) => {
      let atOnce = 0
      let most = 0
      const child = code('child', (ctx) =>
        ctx.step('work', read, async () => {
          most = Math.max(most, ++atOnce)
          await new Promise((resolve) => setImmediate(resolve))
          atOnce--
          return 1
        }),
      )
      const parent = code('parent', (ctx) => Promise.all(['a', 'b', 'c'].map((id) => ctx.child(child, id, null))), {
        uses: [known(child)],
      })
      const { engine } = await context.open({ definitions: [parent], concurrency: 2, idleMs: 60_000 })
      const runs = []
      for (let count = 0; count < 4; count++) runs.push(await begin(context, engine, parent))
      for (const run of runs)
        checkEqual(checkDone(await context.until(run.result()), 'parent'), [1, 1, 1], 'the result')
      check(most <= 2, `${most} runs were at work at once`)
    },
  },
  {
    name: 'a run that ends and waits for its children takes no room: they need it to end',
    run: async (context) => {
      const child = code('child', (ctx) => ctx.signalled('never'))
      const parent = code('parent', (ctx) => ctx.child(child, 'one', null), { uses: [known(child)] })
      const { engine } = await context.open({ definitions: [known(parent)], concurrency: 1 })
      const runs = []
      for (let count = 0; count < 3; count++) runs.push(await begin(context, engine, parent))
      await eventually(context, 'all wait', async () => {
        const waiting = await context.store.log.runs('system', { status: ['waiting'] })
        return waiting.length === 6
      })
      await context.until(Promise.all(runs.map((run) => run.cancel('enough'))))
      for (const run of runs) checkEqual((await context.until(run.result())).status, 'cancelled', 'the end')
      const all = await context.store.log.runs('system')
      checkEqual(
        all.map(({ status }) => status),
        Array.from({ length: 6 }, () => 'cancelled'),
        'the ends',
      )
    },
  },
  {
    name: 'the limit of active time counts open bodies and no waits, and outlives crashes',
    run: async (context) => {
      const patient = code('patient', async (ctx) => {
        await ctx.sleep(700)
        return 'done'
      })
      checkEqual(checkDone(await runOnce(context, patient, { limits: { activeMs: 100 } }), 'patient'), 'done', 'a wait')
      const busy = code('busy', (ctx) =>
        ctx.step(
          'work',
          read,
          ({ signal }) =>
            new Promise<null>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('x')))),
        ),
      )
      const record = await runOnce(context, busy, { limits: { activeMs: 100 } })
      checkEqual([record.status, record.error?.code ?? null], ['failed', 'run.deadline'], 'a body')
    },
  },
  {
    name: 'an engine that stops records what its bodies return, and another goes on from there',
    run: async (context) => {
      let bodies = 0
      const opened = gate()
      const definition = code('drained', async (ctx) => {
        const half = async (name: string): Promise<Json> => {
          const first = await ctx.step(`${name} 1`, { effect: 'idempotent' }, async () => {
            bodies++
            await opened.opened
            return name
          })
          return [first, await ctx.step(`${name} 2`, once, async () => ++bodies)]
        }
        return Promise.all([half('a'), half('b')])
      })
      const first = await context.open({ definitions: [definition] })
      const { runId } = await begin(context, first.engine, definition)
      await eventually(context, 'both bodies run', () => bodies === 2)
      const stopping = first.engine.stop({ graceMs: 5_000 })
      await context.pass(30)
      opened.open()
      await context.until(stopping)
      checkEqual(
        typesOf(await logOf(context, runId)).slice(-2),
        ['step.completed', 'step.completed'],
        'what was recorded',
      )
      check((await context.store.log.run('system', runId)).owner === undefined, 'the lease was given back')
      const { engine } = await context.open({ definitions: [definition] })
      const record = await context.until(engine.handle(runId).result())
      checkDone(record, 'drained')
      check(bodies === 4, `bodies ran ${bodies} times`)
      check(!typesOf(await logOf(context, runId)).includes('step.unknown'), 'a step became unknown')
    },
  },
  {
    name: 'an engine that stops cuts bodies off after the grace time, those that must not be repeated at the hard limit',
    run: async (context) => {
      const ended: string[] = []
      const hang =
        (name: string) =>
        (attempt: Attempt): Promise<string> =>
          new Promise((_resolve, reject) => {
            attempt.signal.addEventListener('abort', () => {
              ended.push(name)
              reject(new Error('cut'))
            })
          })
      const definition = code('cut', (ctx) =>
        Promise.all([
          ctx.step('read', read, hang('read')),
          ctx.step('pay', { ...once, reconcile: async () => ({ kind: 'done', result: 'found' }) }, hang('pay')),
        ]),
      )
      const first = await context.open({ definitions: [definition] })
      const { runId } = await begin(context, first.engine, definition)
      await untilLogged(context, runId, 'step.started', 2)
      await context.pass(20)
      const begun = context.now()
      await context.until(first.engine.stop({ graceMs: 50, hardLimitMs: 300 }))
      check(context.now() - begun >= 300, 'the step that must not be repeated was cut off early')
      checkEqual(ended.toSorted(), ['pay', 'read'], 'what was cut off')
      const again = await context.open({ definitions: [definition] })
      await untilLogged(context, runId, 'step.resolved')
      await context.until(again.engine.handle(runId).cancel('enough'))
      checkEqual((await context.until(again.engine.handle(runId).result())).status, 'cancelled', 'the end')
    },
  },
  {
    name: 'an engine that stops begins no further attempt, and one that never began is not unknown',
    run: async (context) => {
      let bodies = 0
      const definition = code('retried', (ctx) =>
        ctx.step('try', { effect: 'once', retry: { ...twice, initialMs: 200, maxMs: 200 } }, async ({ count }) => {
          bodies++
          if (count === 1) throw new MeepoError('step.timeout', 'full', { notSent: true })
          return count
        }),
      )
      const first = await context.open({ definitions: [definition] })
      const hold = gate()
      const busy = code('busy', (ctx) => ctx.step('hold', read, () => hold.opened.then(() => null)))
      const { runId } = await begin(context, first.engine, definition)
      await begin(context, first.engine, busy)
      await untilLogged(context, runId, 'attempt.failed')
      const stopping = first.engine.stop({ graceMs: 1_000 })
      await context.pass(600)
      check(bodies === 1, 'an attempt began while the engine was stopping')
      hold.open()
      await context.until(stopping)
      const { engine } = await context.open({ definitions: [definition] })
      checkEqual(checkDone(await context.until(engine.handle(runId).result()), 'retried'), 2, 'the result')
    },
  },
  {
    name: 'a waiting run that its engine gave back at its end is woken by mail in another engine',
    run: async (context) => {
      const definition = code('waits', (ctx) => ctx.signalled('go'))
      const first = await context.open({ definitions: [definition], idleMs: 60_000 })
      const { runId } = await begin(context, first.engine, definition)
      await untilLogged(context, runId, 'signal.awaited')
      await context.until(first.engine.stop())
      await untilWaiting(context, runId)
      const { engine } = await context.open({ definitions: [definition] })
      await context.until(engine.handle(runId).signal('go', 1))
      checkEqual(checkDone(await context.until(engine.handle(runId).result()), 'waits'), 1, 'the result')
    },
  },
  {
    name: 'every run gives a record, however it ended: what was done, tried and used',
    run: async (context) => {
      const usage = { ...noUsage, input: 5, output: 2, calls: 1 }
      const work = code<Json, Json>('work', async (ctx, input) => {
        const model = { ...read, meta: { kind: 'model' } } as const
        await ctx.step('think', model, async (attempt) => {
          attempt.addUsage(usage)
          return { text: 'hm' }
        })
        await ctx.step(
          'look',
          { effect: 'read', retry: twice, meta: { kind: 'tool', tool: 'look' } },
          async ({ count }) => {
            if (count === 1) throw new MeepoError('step.timeout', 'busy')
            return 'seen'
          },
        )
        if (input === 'fail') await ctx.step('break', read, () => Promise.reject(new Error('planned')))
        if (input === 'wait') await ctx.signalled('never')
        return 'done'
      })
      const { engine } = await context.open({ definitions: [known(work)] })
      const history = [
        { step: 'think', number: 1, status: 'completed', attempts: 1, result: { text: 'hm' } },
        { step: 'look', number: 2, tool: 'look', status: 'completed', attempts: 2, result: 'seen' },
      ]
      const broken = {
        step: 'break',
        number: 3,
        status: 'failed',
        attempts: 1,
        error: { code: 'step.failed', message: 'planned', retryable: false },
      }
      const wanted = { sessionId: 'talk', iterations: 1, usage, cost: { picoDollars: '0', unpricedCalls: 1 } }
      const cancelled = { code: 'run.cancelled', message: 'enough', retryable: false }
      for (const [input, end] of [
        ['go', { success: true, status: 'completed', result: 'done', history }],
        ['fail', { success: false, status: 'failed', error: broken.error, history: [...history, broken] }],
        ['wait', { success: false, status: 'cancelled', error: cancelled, history }],
      ] as const) {
        const handle = await begin(context, engine, work, { input, sessionId: 'talk' })
        if (input === 'wait') {
          await untilLogged(context, handle.runId, 'signal.awaited')
          const soFar = await context.until(handle.record())
          check(
            ['waiting', 'running'].includes(soFar.status) && !soFar.success && soFar.history.length === 2,
            'the record so far',
          )
          await context.until(handle.cancel('enough'))
        }
        const records = [
          await context.until(handle.result()),
          await context.until(engine.handle(handle.runId).record()),
        ]
        for (const record of records) {
          // Of a run with an error; where it lies in the log is not the same on every engine.
          const { checkpoint, ...rest } = record
          check((checkpoint?.startsWith(`${handle.runId}@`) ?? false) === !record.success, `the checkpoint of ${input}`)
          const told = { ...rest, history: record.history.map(({ durationMs: _durationMs, ...entry }) => entry) }
          checkEqual(told, { runId: handle.runId, ...wanted, ...end }, `the record of ${input}`)
        }
      }
    },
  },
  {
    name: 'runs are listed by what they are, and the events of a run can be followed from any place',
    run: async (context) => {
      const { engine } = await context.open({ definitions: [known(quick)] })
      const handle = await begin(context, engine, quick)
      const followed: string[] = []
      const follow = async (): Promise<void> => {
        for await (const { type } of handle.events({ afterSeq: 2 })) followed.push(type)
      }
      await context.until(follow())
      checkEqual(followed, ['step.started', 'step.completed', 'run.completed'], 'the events')
      checkEqual(
        (await context.until(engine.runs({ status: ['completed'], definition: 'quick' }))).length,
        1,
        'completed',
      )
      checkEqual((await context.until(engine.runs({ status: ['failed'] }))).length, 0, 'failed')
    },
  },
  {
    name: 'whoever waits for a result can stop waiting, and the run goes on',
    run: async (context) => {
      const definition = code('waits', (ctx) => ctx.signalled('go'))
      const { engine } = await context.open({ definitions: [definition], idleMs: 60_000 })
      const handle = await begin(context, engine, definition)
      const stop = new AbortController()
      const waiting = codeOf(handle.result({ signal: stop.signal }))
      stop.abort()
      checkEqual(await context.until(waiting), 'task.cancelled', 'the wait')
      checkEqual(
        await codeOf(context.until(handle.result({ signal: stop.signal }))),
        'task.cancelled',
        'a wait that was over before',
      )
      await context.until(handle.signal('go', 1))
      checkEqual(checkDone(await context.until(handle.result()), 'waits'), 1, 'the result')
      checkEqual(eventsOf(await logOf(context, handle.runId), 'run.completed').length, 1, 'the end')
    },
  },
]
