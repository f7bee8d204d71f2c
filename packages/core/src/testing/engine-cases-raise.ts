import { defineAgent } from '../agent/agent.ts'
import { MeepoError } from '../base/errors.ts'
import { anySchema } from '../base/schema.ts'
import type { ModelCall, ModelResponse } from '../model/model.ts'
import type { RunContext } from '../run/context.ts'
import { defineTool } from '../tool/tool.ts'
import { createBookingModel } from './booking-model.ts'
import { check, checkEqual } from './check.ts'
import {
  begin,
  checkDone,
  code,
  eventsOf,
  eventually,
  gate,
  known,
  logOf,
  once,
  read,
  type EngineCase,
} from './engine-case.ts'
import { balanceOf, ledgerOf } from './engine-cases-money.ts'

/** What becomes of a run that a budget stopped when it is raised. */
export const raiseCases: readonly EngineCase[] = [
  {
    name: 'a run that a budget stopped goes on when it is raised, and repeats nothing that was paid',
    run: async (context) => {
      const model = createBookingModel({ answer: callTwice })
      const payer = defineAgent({ name: 'payer', instructions: 'Pay.', model, tools: [look] })
      const { engine } = await context.open({ definitions: [known(payer)] })
      const handle = await begin(context, engine, payer, { input: 'go', limits: { picoDollars: '130' } })
      checkEqual((await context.until(handle.result())).error?.code ?? '', 'budget.exceeded', 'the first end')
      await context.until(engine.resume(handle.runId, { picoDollars: '1000' }))
      checkDone(await context.until(handle.result()), 'the run')
      checkEqual(model.sent.length, 3, 'calls that left')
      checkEqual(await balanceOf(context, handle.runId), ['180', '0', '1000'], 'the balance')
    },
  },
  {
    name: 'a tree that a budget stopped goes on when its root is raised: children deep in it are tried again, finished ones kept',
    run: async (context) => {
      const { root, model, keys, definitions, isFirst } = deepTree()
      const { engine } = await context.open({ definitions })
      const handle = await begin(context, engine, root, { limits: { picoDollars: '200' } })
      const stopped = await context.until(handle.result())
      check(!stopped.success && isFirst(), `the first end is ${stopped.status}`)
      const before = model.sent.length
      check(before > 0 && before < 6, `${before} calls left before the stop`)
      await context.until(engine.resume(handle.runId, { picoDollars: '1000' }))
      checkEqual(checkDone(await context.until(handle.result()), 'the run') as never, 'six done', 'the result')
      checkEqual(model.sent.length, 6, 'calls that left')
      checkEqual(new Set(model.sent).size, 6, 'ids of calls')
      checkEqual(new Set(keys).size, 2, 'keys of what was done anew')
      checkEqual(await balanceOf(context, handle.runId), ['360', '0', '1000'], 'the balance')
    },
  },
  {
    name: 'a tree that goes on after a raise survives a kill at any moment of it',
    run: async (context) => {
      for (const kills of [1, 2, 3, 4]) {
        const { root, model, definitions } = deepTree(`-${kills}`)
        const first = await context.open({ definitions })
        const handle = await begin(context, first.engine, root, { limits: { picoDollars: '200' } })
        await context.until(handle.result())
        await context.until(first.engine.resume(handle.runId, { picoDollars: '10000' }))
        const before = model.sent.length
        await eventually(context, 'it went on', () => model.sent.length >= before + kills)
        first.crash()
        const second = await context.open({ definitions })
        const record = await context.until(second.engine.handle(handle.runId).result())
        checkEqual(checkDone(record, `after ${kills}`) as never, 'six done', 'the result')
        checkEqual(new Set(model.sent).size, model.sent.length, 'ids of calls')
        const settled = (await balanceOf(context, handle.runId))[0]
        const lines = await Promise.all(
          (await context.store.log.runs('system')).map(({ runId }) => ledgerOf(context, runId)),
        )
        const sum = lines.flat().reduce((all, line) => {
          return line.scopes.includes(`run:${handle.runId}`) ? all + BigInt(line.entry.cost.picoDollars ?? '0') : all
        }, 0n)
        checkEqual(settled, String(sum), 'the balance is the sum of the ledger')
        await context.until(second.engine.stop())
      }
    },
  },
  {
    name: 'a run that paid for something behind a refusal keeps that refusal when it is raised',
    run: async (context) => {
      const model = createBookingModel()
      const payer = defineAgent({ name: 'payer', instructions: 'Pay.', model })
      const notes: string[] = []
      const parent = code(
        'parent',
        async (ctx) => {
          const end = await ctx.child(payer, 'a', 'go').then(
            () => 'done',
            () => 'refused',
          )
          const noted = await ctx.step('note', once, async ({ idempotencyKey }) => {
            notes.push(idempotencyKey)
            return end
          })
          const value = await ctx.signalled<string>('go', { timeoutMs: 1 }).catch(() => 'late')
          if (ctx.limits.picoDollars === '50') throw new Error('stopped')
          return [noted, value]
        },
        { uses: [known(payer)] },
      )
      const { engine } = await context.open({ definitions: [known(parent)] })
      const handle = await begin(context, engine, parent, { limits: { picoDollars: '50' } })
      checkEqual((await context.until(handle.result())).status, 'failed', 'the first end')
      await context.until(engine.resume(handle.runId, { picoDollars: '1000' }))
      checkEqual(checkDone(await context.until(handle.result()), 'the run') as never, ['refused', 'late'], 'the result')
      checkEqual([notes.length, model.sent.length], [1, 0], 'notes and calls')
    },
  },
  {
    name: 'a race that is won while a budget ends its run stays won when the run is raised: the child that was refused is not asked again',
    run: async (context) => {
      const { root, model, areRefused, definitions } = wonRace()
      const { engine } = await context.open({ definitions })
      const handle = await begin(context, engine, root, { limits: { picoDollars: '100' } })
      await eventually(context, 'both children were refused', async () => {
        const children = await context.store.log.runs('system')
        return children.filter(({ status }) => status === 'failed').length === 2
      })
      areRefused.open()
      checkEqual((await context.until(handle.result())).error?.code ?? '', 'budget.exceeded', 'the first end')
      await context.until(engine.resume(handle.runId, { picoDollars: '1000' }))
      checkEqual(checkDone(await context.until(handle.result()), 'the run') as never, ['other', 'mine'], 'the result')
      checkEqual(model.sent.length, 2, 'calls that left')
      // Nothing orders the two refusals. Whichever is heard first ends the run, and that end cancels what it finds open:
      // the child `theirs` too when `other` was heard first. What the raised run did is behind that.
      const log = await logOf(context, handle.runId)
      const number = eventsOf(log, 'child.started').find(({ data }) => data.childId === 'theirs')?.data.number
      const raised = log.findLastIndex(({ type }) => type === 'run.reopened')
      const ends = eventsOf(log.slice(raised), 'task.cancelled').filter(({ data }) => data.number === number)
      checkEqual(ends.length, 1, 'ends of the child in the raised run')
      const [loser] = ends
      checkEqual(loser?.data.reason ?? '', 'lost', 'the end of the child')
    },
  },
]

/** A tool that costs nothing. */
const look = defineTool({
  name: 'look',
  description: 'Looks.',
  input: anySchema,
  effect: 'read',
  run: async () => 'seen',
})

/** Asks for the tool in the first two turns. */
function callTwice({ idempotencyKey }: ModelCall): Partial<ModelResponse> {
  const number = Number(idempotencyKey.split('/')[1])
  if (number > 4) return {}
  return { text: '', finish: 'tool-calls', toolCalls: [{ id: `c${number}`, name: 'look', arguments: {} }] }
}

/** A step that pays races a child while another child is wanted; the step is paid once both children were refused. */
function wonRace() {
  const isSent = gate()
  const areRefused = gate()
  const bothWait = gate()
  let waiting = 0
  const model = createBookingModel({
    send: async () => {
      if (model.sent.length > 1) return
      // Where engines begin children at different times, the first refusal would end the run before the second call.
      await bothWait.opened
      isSent.open()
      await areRefused.opened
    },
  })
  const pay = (ctx: RunContext, name: string, before?: () => Promise<void>) =>
    ctx.step(name, { effect: 'idempotent' }, async ({ id, idempotencyKey, signal, account, earlierTries }) => {
      await before?.()
      await model.call({ messages: [] }, { attemptId: id, idempotencyKey, signal, account, earlierTries })
      return name
    })
  const afterMine = (): Promise<void> => {
    if (++waiting === 2) bothWait.open()
    return isSent.opened
  }
  const part = code<string, string>('part', (ctx, name) => pay(ctx, name, afterMine))
  const race = async (ctx: RunContext): Promise<unknown> => {
    const mine = pay(ctx, 'mine')
    const theirs = ctx.child(part, 'theirs', 'theirs')
    const first = await ctx.race([mine, theirs])
    if (!first.ok) throw MeepoError.fromData(first.error)
    await ctx.cancel(theirs, 'lost')
    return first.value
  }
  const root = code('root', (ctx) => Promise.all([ctx.child(part, 'other', 'other'), race(ctx)]), {
    uses: [known(part)],
  })
  return { root, model, areRefused, definitions: [known(root)] }
}

/** Two teams of three payers each under one root, one after the other in parallel teams; a payer costs 60 of wanted 100. */
function deepTree(suffix = '') {
  const model = createBookingModel()
  const payer = defineAgent({ name: `payer${suffix}`, instructions: 'Pay.', model })
  const keys: string[] = []
  let failures = 0
  const team = code<string, string[]>(
    `team${suffix}`,
    async (ctx, name) => {
      const members = await Promise.allSettled(['a', 'b', 'c'].map((id) => ctx.child(payer, `${name}${id}`, 'go')))
      const failed = members.find((member) => member.status === 'rejected')
      if (failed) {
        failures++
        await ctx.step('count', read, async () => failures)
        throw failed.reason
      }
      return members.map(({ status }) => status)
    },
    { uses: [known(payer)] },
  )
  const root = code(
    `root${suffix}`,
    async (ctx) => {
      const teams = await Promise.allSettled([ctx.child(team, 'x', 'x'), ctx.child(team, 'y', 'y')])
      await ctx.step('tell', read, async ({ idempotencyKey }) => keys.push(idempotencyKey))
      if (teams.some(({ status }) => status === 'rejected')) {
        const reasons = teams.map((one) => (one.status === 'rejected' ? String(one.reason) : one.status))
        throw new MeepoError('tool.failed', `some teams failed: ${reasons.join(', ')}`)
      }
      await ctx.sleep(5)
      return 'six done'
    },
    { uses: [known(team)] },
  )
  return { root, model, keys, definitions: [known(root)], isFirst: () => failures > 0 }
}
