import { defineAgent } from '../agent/agent.ts'
import type { LogEvent } from '../log/events.ts'
import type { LedgerEntry } from '../store/money.ts'
import type { Reservation } from '../admission/money.ts'
import { createBookingModel, type BookingModel } from './booking-model.ts'
import { check, checkEqual } from './check.ts'
import {
  begin,
  checkDone,
  code,
  eventsOf,
  gate,
  known,
  logOf,
  read,
  runOnce,
  type EngineCase,
  type EngineCaseContext,
} from './engine-case.ts'

/** What is set aside for a run, as the store has it. */
function reservationsOf(context: EngineCaseContext, runId: string): Promise<readonly Reservation[]> {
  return context.store.money.reservations('system', runId)
}

/** The books of a run. */
export function ledgerOf(context: EngineCaseContext, runId: string): Promise<readonly LedgerEntry[]> {
  return context.store.money.ledger('system', { runId })
}

/** Spent, set aside and allowed, of a run and everything below it. */
export async function balanceOf(context: EngineCaseContext, runId: string): Promise<readonly [string, string, string]> {
  const [balance] = await context.store.money.balances([`run:${runId}`])
  return [balance?.settled ?? '0', balance?.reserved ?? '0', balance?.limit ?? 'none']
}

/** Per booked call: its id, how it ended, and its cost. */
function booked(events: readonly LogEvent[]): readonly (readonly (string | null)[])[] {
  return eventsOf(events, 'call.settled').map(({ data }) => {
    return [data.call, data.entry.outcome, data.entry.cost.status, data.entry.cost.picoDollars]
  })
}

const agent = (model: BookingModel) => defineAgent({ name: 'payer', instructions: 'Pay.', model })

/** Kills the engine of a run while its first call is with the provider, and opens another one. */
async function killInCall(context: EngineCaseContext, wants: bigint | null = 100n) {
  const isSent = gate()
  const model = createBookingModel({
    wants,
    send: async () => {
      if (model.sent.length > 1) return
      isSent.open()
      await new Promise(() => undefined)
    },
  })
  const payer = agent(model)
  const first = await context.open({ definitions: [known(payer)] })
  const { runId } = await begin(context, first.engine, payer, { input: 'go' })
  await context.until(isSent.opened)
  first.crash()
  const { engine } = await context.open({ definitions: [known(payer)] })
  const handle = engine.handle(runId)
  return { model, runId, handle, record: await context.until(handle.result()) }
}

/** What runs spend: it is announced, set aside, booked once, and never more than is allowed. */
export const moneyCases: readonly EngineCase[] = [
  {
    name: 'a call is announced and its money set aside before it leaves, and booked when it ended',
    run: async (context) => {
      const during: unknown[] = []
      const model = createBookingModel({
        send: async (_call, intent) => {
          const [runId = ''] = intent.id.split('/')
          during.push((await reservationsOf(context, runId)).map(({ id, picoDollars }) => [id, picoDollars]))
          during.push(eventsOf(await logOf(context, runId), 'call.started').map(({ data }) => data.call))
        },
      })
      const record = await runOnce(context, agent(model), { input: 'go' })
      checkDone(record, 'the run')
      const id = `${record.runId}/1/1.1`
      checkEqual(during as never, [[[id, '100']], [id]], 'what was durable when the call left')
      checkEqual(booked(await logOf(context, record.runId)) as never, [[id, 'ok', 'settled', '60']], 'the log')
      const lines = await ledgerOf(context, record.runId)
      checkEqual(lines.map(({ id: line, kind }) => [line, kind]) as never, [[id, 'call']], 'the ledger')
      checkEqual(await balanceOf(context, record.runId), ['60', '0', '1000000000000'], 'the balance')
    },
  },
  {
    name: 'a call that a budget refuses is never sent, and its step fails once with budget.exceeded',
    run: async (context) => {
      const model = createBookingModel({ wants: 100n })
      const record = await runOnce(context, agent(model), { input: 'go', limits: { picoDollars: '99' } })
      checkEqual(
        [record.error?.code, record.error?.details?.['scope']] as never,
        ['budget.exceeded', `run:${record.runId}`],
        'the error',
      )
      checkEqual(model.sent, [], 'calls that left')
      checkEqual(
        booked(await logOf(context, record.runId)) as never,
        [[`${record.runId}/1/1.1`, 'refused', 'zero', '0']],
        'the log',
      )
      checkEqual(await balanceOf(context, record.runId), ['0', '0', '99'], 'the balance')
    },
  },
  {
    name: 'a call whose process was killed is booked once as unknown, with all that was set aside, before the run goes on',
    run: async (context) => {
      const { model, runId, record } = await killInCall(context)
      checkDone(record, 'the run')
      const log = await logOf(context, runId)
      checkEqual(
        booked(log) as never,
        [
          [`${runId}/1/1.1`, 'unknown', 'unknown', '100'],
          [`${runId}/1/2.1`, 'ok', 'settled', '60'],
        ],
        'the log',
      )
      check(
        log.findIndex(({ type }) => type === 'call.settled') < log.findIndex(({ type }) => type === 'attempt.started'),
        'the run went on before it was booked',
      )
      checkEqual(model.sent, [`${runId}/1/1.1`, `${runId}/1/2.1`], 'calls that left')
      checkEqual(
        eventsOf(log, 'call.started').map(({ data }) => data.try),
        [1, 1],
        'tries: what a process took with it uses up none',
      )
      checkEqual(await balanceOf(context, runId), ['160', '0', '1000000000000'], 'the balance')
      checkEqual((await ledgerOf(context, runId)).length, 2, 'lines of the ledger')
    },
  },
  {
    name: 'a call without a price whose process was killed is booked once, without a price',
    run: async (context) => {
      const { runId, record } = await killInCall(context, null)
      checkDone(record, 'the run')
      checkEqual(
        booked(await logOf(context, runId)) as never,
        [
          [`${runId}/1/1.1`, 'unknown', 'unpriced', null],
          [`${runId}/1/2.1`, 'ok', 'unpriced', null],
        ],
        'the log',
      )
    },
  },
  {
    name: 'a call in flight when its run is cancelled is booked before the run ends',
    run: async (context) => {
      const isSent = gate()
      const model = createBookingModel({
        send: (call) =>
          new Promise((_resolve, reject) => {
            isSent.open()
            call.signal.addEventListener('abort', () => reject(new Error('cut')))
          }),
      })
      const payer = agent(model)
      const { engine } = await context.open({ definitions: [known(payer)] })
      const handle = await begin(context, engine, payer, { input: 'go' })
      await context.until(isSent.opened)
      await context.until(handle.cancel('enough'))
      const record = await context.until(handle.result())
      checkEqual(record.status, 'cancelled', 'the run')
      checkEqual(
        booked(await logOf(context, handle.runId)) as never,
        [[`${handle.runId}/1/1.1`, 'failed', 'zero', '0']],
        'the log',
      )
      checkEqual(await balanceOf(context, handle.runId), ['0', '0', '1000000000000'], 'the balance')
    },
  },
  {
    name: 'a call that its body leaves behind is booked as unknown when the step ends',
    run: async (context) => {
      const forgetful = code('forgetful', (ctx) =>
        ctx.step('ask', { ...read, announcesCalls: true }, async ({ account, id }) => {
          await account.open({ id: `${id}.1`, target: 'x:y', try: 1, picoDollars: 70n, atLeast: 70n })
          return 'left'
        }),
      )
      const record = await runOnce(context, forgetful)
      checkDone(record, 'the run')
      checkEqual(
        booked(await logOf(context, record.runId)) as never,
        [[`${record.runId}/1/1.1`, 'unknown', 'unknown', '70']],
        'the log',
      )
      checkEqual(await reservationsOf(context, record.runId), [], 'what is still set aside')
    },
  },
  {
    name: 'what a run may cost holds for everything below it',
    run: async (context) => {
      const model = createBookingModel()
      const child = agent(model)
      const parent = code(
        'parent',
        async (ctx) => {
          const codes: string[] = []
          for (const childId of ['a', 'b', 'c']) {
            const end = await ctx.child(child, childId, childId).then(
              () => 'done',
              (thrown: { code?: string }) => thrown.code ?? 'foreign',
            )
            codes.push(end)
          }
          return codes
        },
        { uses: [known(child)] },
      )
      const record = await runOnce(context, parent, { limits: { picoDollars: '170' } })
      checkEqual(checkDone(record, 'the run') as never, ['done', 'done', 'budget.exceeded'], 'the children')
      checkEqual(await balanceOf(context, record.runId), ['120', '0', '170'], 'the balance of the tree')
    },
  },
  {
    name: 'a limit that somebody asked for refuses calls without a price, in the run and below it, also after a raise',
    run: async (context) => {
      const model = createBookingModel({ wants: null })
      const payer = agent(model)
      const allowed = await runOnce(context, payer, { input: 'go' })
      checkDone(allowed, 'the run that nobody limited')
      const parent = code('parent', (ctx) => ctx.child(payer, 'c', 'go'), { uses: [known(payer)] })
      const { engine } = await context.open({ definitions: [known(parent)] })
      const handle = await begin(context, engine, parent, { limits: { picoDollars: '500' } })
      const refused = await context.until(handle.result())
      checkEqual(refused.error?.code as never, 'budget.exceeded', 'the end')
      checkEqual(refused.error?.details?.['isUnpriced'] as never, true, 'why')
      await context.until(engine.resume(handle.runId, { picoDollars: '900' }))
      checkEqual((await context.until(handle.result())).error?.code as never, 'budget.exceeded', 'after a raise')
      checkEqual(model.sent.length, 1, 'what was sent')
      await context.until(engine.resume(handle.runId, { unpriced: 'allow_flagged' }))
      checkDone(await context.until(handle.result()), 'the run that was told to let them go')
      checkEqual(model.sent.length, 2, 'what was sent in the end')
    },
  },
  {
    name: 'a child is charged to whom its parent is charged, under its own name',
    run: async (context) => {
      const child = agent(createBookingModel())
      const parent = code('parent', (ctx) => ctx.child(child, 'c', 'go'), { uses: [known(child)] })
      const record = await runOnce(context, parent, {
        tenant: 'acme',
        actor: 'bob',
        sessionId: 's1',
        tags: { team: 'red' },
      })
      checkDone(record, 'the run')
      const [started] = eventsOf(await logOf(context, record.runId), 'child.started')
      const childId = started?.data.childRunId ?? ''
      const [line] = await ledgerOf(context, childId)
      checkEqual(
        line?.scopes as never,
        [
          'tenant:acme',
          'user:bob',
          'session:s1',
          'agent:payer',
          'workflow:parent',
          `run:${record.runId}`,
          `run:${childId}`,
          'tag:team=red',
        ],
        'the scopes',
      )
    },
  },
  {
    name: 'code may ask what a model is before a step calls it',
    run: async (context) => {
      const model = createBookingModel()
      const asks = code('asks', async (ctx) => [ctx.models.resolve('any').keepsBooks === true])
      const { engine } = await context.open({ definitions: [known(asks)], models: { resolve: () => model } })
      const handle = await begin(context, engine, asks)
      checkEqual(checkDone(await context.until(handle.result()), 'the run') as never, [true], 'what it was told')
    },
  },
]
