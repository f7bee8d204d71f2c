import type { Json } from '../base/json.ts'
import type { Definition } from '../run/definition.ts'
import { check, checkEqual } from './check.ts'
import {
  begin,
  checkDone,
  code,
  codeOf,
  eventsOf,
  eventually,
  known,
  logOf,
  read,
  runOnce,
  untilWaiting,
  type EngineCase,
  type EngineCaseContext,
} from './engine-case.ts'

/** Starts the first definition, kills its engine where it waits, and goes on with the second. */
async function changeCode(context: EngineCaseContext, before: Definition<Json, Json>, after: Definition<Json, Json>) {
  const first = await context.open({ definitions: [known(before)] })
  const { runId } = await begin(context, first.engine, before)
  await untilWaiting(context, runId)
  first.crash()
  const { engine } = await context.open({ definitions: [known(after)] })
  const handle = engine.handle(runId)
  // The end of a child may wake the run first: code that does not fit its log ends it at once then.
  const sent = await context.until(codeOf(handle.signal('go', null)))
  check(sent === 'nothing' || sent === 'run.ended', `the signal was refused: ${sent}`)
  return { runId, engine, record: () => context.until(handle.result()) }
}

/** Code that awaits what is no task, in the way that `foreign` says. */
function awaits(name: string, foreign: (context: EngineCaseContext) => Promise<unknown>): EngineCase {
  return {
    name: `a run that awaits ${name} fails with run.foreign_await when it is executed for the first time`,
    run: async (context) => {
      const alone = code('alone', async (ctx) => {
        await foreign(context)
        return ctx.step('after', read, async () => 'done')
      })
      const first = await runOnce(context, alone)
      checkEqual([first.status, first.error?.code ?? null], ['failed', 'run.foreign_await'], 'alone')
      const beside = code('beside', async (ctx) => {
        const branch = (async () => {
          await foreign(context)
          return ctx.step('after', read, async () => 'done')
        })()
        const hang = ctx.step(
          'hang',
          read,
          ({ signal }) => new Promise<null>((_resolve, reject) => signal.addEventListener('abort', reject)),
        )
        return Promise.all([branch, hang])
      })
      const { engine } = await context.open({ definitions: [beside] })
      const handle = await begin(context, engine, beside)
      // The world outside does not follow the clock of the case.
      const inTime = handle.result()
      let isOver = false
      void inTime.then(() => (isOver = true))
      for (let round = 0; !isOver && round < 2_000; round++) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        await context.pass(5)
      }
      const record = await context.until(inTime)
      checkEqual([record.status, record.error?.code ?? null], ['failed', 'run.foreign_await'], 'beside an open task')
    },
  }
}

/** What replay holds code to, and what it gives back. */
export const replayCases: readonly EngineCase[] = [
  awaits('a timer', () => new Promise((resolve) => setTimeout(resolve, 2))),
  awaits('a fetch', async ({ url }) => (await fetch(url)).text()),
  awaits('a dynamic import', ({ load }) => load()),
  awaits('a WebCrypto digest', () => crypto.subtle.digest('SHA-256', new Uint8Array(1_000_000))),
  {
    name: 'a run whose code returns after awaiting what is no task fails',
    run: async (context) => {
      const definition = code('returns', async () => {
        await new Promise((resolve) => setTimeout(resolve, 1))
        return 'done'
      })
      checkEqual((await runOnce(context, definition)).error?.code, 'run.foreign_await', 'the error')
    },
  },
  {
    name: 'random numbers, ids and times are the same on replay',
    run: async (context) => {
      const seen: Json[] = []
      const definition = code('seeded', async (ctx) => {
        const draw = (): Json => [ctx.random(), ctx.uuid(), ctx.now()]
        const first = draw()
        await ctx.sleep(30)
        seen.push([first, draw()])
        await ctx.signalled('go')
        return seen.length
      })
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      await untilWaiting(context, handle.runId)
      await eventually(
        context,
        'it waits for the signal',
        async () => eventsOf(await logOf(context, handle.runId), 'signal.awaited').length === 1,
      )
      await context.until(handle.signal('go', null))
      check((checkDone(await context.until(handle.result()), 'seeded') ?? 0) > 1, 'it was never replayed')
      for (const drawn of seen) checkEqual(drawn, seen[0], 'what was drawn')
      const uuid = JSON.stringify(((seen[0] as Json[])[0] as Json[])[1]).slice(1, -1)
      check(
        /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(uuid),
        `${uuid} is no version-4 uuid`,
      )
    },
  },
  {
    name: 'what a run reported is not reported again on replay',
    run: async (context) => {
      const definition = code('reports', async (ctx) => {
        ctx.report({ message: 'one' })
        await ctx.sleep(30)
        ctx.report({ message: 'two', partial: [1] })
        await ctx.signalled('go')
        ctx.report({ message: 'three' })
        return 'done'
      })
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      await eventually(
        context,
        'it waits for the signal',
        async () => eventsOf(await logOf(context, handle.runId), 'signal.awaited').length === 1,
      )
      await untilWaiting(context, handle.runId)
      await context.until(handle.signal('go', null))
      await context.until(handle.result())
      const reports = eventsOf(await logOf(context, handle.runId), 'progress.reported')
      checkEqual(
        reports.map(({ data }) => data.message),
        ['one', 'two', 'three'],
        'the reports',
      )
    },
  },
  {
    name: 'code that makes another call than its log fails, naming both, and its step is listed unknown',
    run: async (context) => {
      const make = (name: string): Definition<Json, Json> =>
        code('changed', async (ctx) => {
          await ctx.step(name, read, async () => null)
          return ctx.signalled('go')
        })
      const { record } = await changeCode(context, make('before'), make('after'))
      const { error } = await record()
      checkEqual(error?.code, 'run.nondeterministic', 'the error')
      checkEqual(error?.details, { recorded: '1 step before', made: '1 step after' }, 'both sides')
    },
  },
  {
    name: 'code that leaves out a call, or gives a child another input, fails',
    run: async (context) => {
      const child = code('child', async () => null)
      const calls: readonly ((ctx: Parameters<Definition['run']>[0], isBefore: boolean) => Promise<unknown>)[] = [
        (ctx, isBefore) => (isBefore ? ctx.step('gone', read, async () => null) : Promise.resolve()),
        (ctx, isBefore) => ctx.child(child, 'one', isBefore),
      ]
      for (const call of calls) {
        const make = (isBefore: boolean): Definition<Json, Json> =>
          code(
            'changed',
            async (ctx) => {
              await Promise.all([ctx.signalled('go'), call(ctx, isBefore)])
              return null
            },
            { uses: [known(child)] },
          )
        const { record, engine } = await changeCode(context, make(true), make(false))
        checkEqual((await record()).error?.code, 'run.nondeterministic', 'the error')
        await context.until(engine.stop({ graceMs: 0, hardLimitMs: 0 }))
      }
    },
  },
  {
    name: 'the children of a run that cannot be replayed are taken down',
    run: async (context) => {
      const child = code('child', (ctx) => ctx.signalled('never'))
      const make = (isBefore: boolean): Definition<Json, Json> =>
        code(
          'changed',
          async (ctx) => {
            if (isBefore) void ctx.child(child, 'one', null)
            else void ctx.sleep(1)
            return ctx.signalled('go')
          },
          { uses: [known(child)] },
        )
      const { record, runId } = await changeCode(context, make(true), make(false))
      checkEqual((await record()).error?.code, 'run.nondeterministic', 'the error')
      await eventually(context, 'the child ends', async () => {
        const [found] = await context.store.log.runs('system', { parent: runId })
        return found?.status === 'cancelled'
      })
    },
  },
  {
    name: 'a patch is on for runs that began with it, and off for older ones',
    run: async (context) => {
      const make = (patches: readonly string[]): Definition<Json, Json> =>
        code(
          'patched',
          async (ctx, state) => {
            if (state === 'next') return ['next', ctx.patch('p')]
            const seen = ctx.patch('p')
            await ctx.signalled('go')
            return ctx.patch('q') || !patches.includes('p') ? seen : ctx.continueWith('next')
          },
          { patches },
        )
      const { record } = await changeCode(context, make([]), make(['p']))
      checkEqual(checkDone(await record(), 'patched'), ['next', true], 'in the segment that the new code began')
      const fresh = await context.open({
        definitions: [known(code('new', async (ctx) => ctx.patch('p'), { patches: ['p'] }))],
      })
      checkEqual(
        (
          await context.until(
            (
              await begin(
                context,
                fresh.engine,
                code('old', async (ctx) => ctx.patch('p')),
              )
            ).result(),
          )
        ).result,
        false,
        'an undeclared patch',
      )
    },
  },
  {
    name: 'a run stays with the version that started it: an engine without that version leaves it alone',
    run: async (context) => {
      const make = (version: string): Definition<Json, Json> =>
        code<Json, Json>('versioned', async (ctx) => [version, await ctx.signalled<Json>('go')], { version })
      const { engine, runId } = await changeCode(context, make('1'), make('2'))
      await context.pass(200)
      check((await context.store.log.run('system', runId)).status !== 'completed', 'it was driven by another version')
      engine.register(known(make('1')))
      checkEqual((await context.until(engine.handle(runId).result())).result, ['1', null], 'the result')
    },
  },
  {
    name: 'continueWith begins a new segment: with its state, new numbers and seed, and nothing open',
    run: async (context) => {
      const definition = code<Json, Json>('segments', async (ctx, state) => {
        const segment = state as { count: number; drawn: number[] } | null
        const drawn = [...(segment?.drawn ?? []), ctx.random()]
        const task = ctx.sleep(1)
        if (segment === null)
          checkEqual(
            await codeOf(Promise.resolve().then(() => ctx.continueWith(null))),
            'ctx.invalid_call',
            'an open task',
          )
        await task
        await ctx.step('one', read, async () => null)
        const count = (segment?.count ?? 0) + 1
        return count === 3 ? drawn : ctx.continueWith({ count, drawn })
      })
      const record = await runOnce(context, definition)
      const drawn = checkDone(record, 'segments') as number[]
      check(new Set(drawn).size === 3, 'each segment draws anew')
      const log = await logOf(context, record.runId)
      checkEqual(eventsOf(log, 'run.continued').length, 2, 'segments')
      const numbers = eventsOf(log, 'sleep.started').map(({ data }) => data.number)
      check(new Set(numbers).size === 3, `the numbers ${numbers.join()} repeat: keys of effects are made of them`)
      checkEqual(record.history.length, 3, 'the history of all segments')
    },
  },
  {
    name: 'a crash behind continueWith resumes with the state, and mail that came meanwhile is read',
    run: async (context) => {
      let firsts = 0
      const definition = code<Json, Json>('segments', async (ctx, state) => {
        if (state === 'second') return ctx.signalled('go')
        await ctx.step('first', read, async () => ++firsts)
        return ctx.continueWith('second')
      })
      const { record } = await changeCode(context, definition, definition)
      checkEqual((await record()).status, 'completed', 'the end')
      check(firsts === 1, `the first segment ran ${firsts} times`)
    },
  },
  {
    name: 'a run with more than 1,000 open tasks fails the call, one with 10,000 calls in a segment fails itself',
    run: async (context) => {
      const wide = code('wide', async (ctx) => {
        const tasks = Array.from({ length: 1_000 }, () => ctx.sleep(1))
        const told = await codeOf(Promise.resolve().then(() => ctx.sleep(1)))
        await Promise.all(tasks)
        return told
      })
      checkEqual(checkDone(await runOnce(context, wide), 'wide'), 'run.too_wide', 'the error')
      const long = code('long', async (ctx) => {
        for (let count = 0; count < 10; count++) {
          const batch = Array.from({ length: 999 }, () => ctx.sleep(0))
          await Promise.all(batch)
        }
        const last = Array.from({ length: 20 }, () => ctx.sleep(0).catch(() => undefined))
        await Promise.all(last)
        return 'done'
      })
      checkEqual((await runOnce(context, long)).error?.code, 'run.segment_too_long', 'the error')
    },
  },
]
