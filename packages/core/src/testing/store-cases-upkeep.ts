import type { NewEvent } from '../log/events.ts'
import type { PruneOptions, Store } from '../store/store.ts'
import { check, checkEqual } from './check.ts'
import { line, reservation, tenant } from './money-case.ts'
import {
  completed,
  createdEvent,
  createOwned,
  definitions,
  elsewhere,
  failed,
  here,
  messages,
  newRun,
  note,
  openWithRun,
  type StoreCase,
} from './store-case.ts'

const due: PruneOptions = {
  definition: 'case',
  statuses: ['completed', 'failed', 'cancelled'],
  endedBefore: Number.MAX_SAFE_INTEGER,
  limit: 1_000,
}

async function end(store: Store, runId: string, at: number, parent?: string): Promise<void> {
  const link = parent === undefined ? {} : { parent: { runId: parent, number: 1, childId: runId } }
  const epoch = await createOwned(store, runId, 'engine-1', link)
  const events = [{ ...completed, at }]
  await store.log.append(here, { runId, epoch, expectedSeq: 1, events })
}

async function charged(store: Store, runId: string, data: Partial<Extract<NewEvent, { type: 'run.created' }>['data']>) {
  const run = newRun(runId)
  const event = createdEvent(run)
  if (event.type !== 'run.created') return
  await store.log.create(here, run, [{ ...event, data: { ...event.data, ...data } }])
}

/** What keeps a store in order: looking before removing, whole logs at once, and who is charged. */
export const upkeepCases: readonly StoreCase[] = [
  {
    name: 'what pruning would remove can be listed before, and asked for by name',
    run: async (context) => {
      const { store } = await openWithRun(context)
      for (const at of [5000, 3000, 4000]) await end(store, `at-${at}`, at)
      await end(store, 'below', 2000, 'at-3000')
      checkEqual(await store.log.prunable('system', due), ['at-3000', 'at-4000', 'at-5000'], 'all')
      checkEqual(await store.log.prunable('system', { ...due, limit: 2 }), ['at-3000', 'at-4000'], 'the first two')
      checkEqual(await store.log.prunable('system', { ...due, endedBefore: 4000 }), ['at-3000'], 'what ended before')
      checkEqual(await store.log.prunable(elsewhere, due), [], 'of another tenant')
      checkEqual(await store.log.prunable(here, { ...due, statuses: ['failed'] }), [], 'of another status')
      checkEqual(await store.log.prunable(here, { ...due, definition: 'other' }), [], 'of another definition')
      checkEqual(await store.log.prunable(here, { ...due, runs: ['at-5000', 'x'] }), ['at-5000'], 'by name')
      const named = { ...due, runs: ['at-5000', 'at-3000', 'run-1', 'below', 'x'] }
      checkEqual(await store.log.prune('system', { ...named, statuses: ['failed'] }), 0, 'named, of another status')
      checkEqual(await store.log.prune(elsewhere, named), 0, 'named, of another tenant')
      checkEqual(await store.log.prune('system', { ...named, limit: 1 }), 2, 'the first named tree')
      checkEqual(await store.log.prune('system', named), 1, 'the other one')
      const left = await store.log.runs('system')
      checkEqual(
        left.map(({ runId }) => runId),
        ['at-4000', 'run-1'],
        'the runs that stay',
      )
    },
  },
  {
    name: 'a whole log can be written at once, also one that went on behind an end',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const reopened: NewEvent = { type: 'run.reopened', at: 3500, data: { limits: {}, by: 'operator' } }
      const run = newRun('copied', { isWorkflow: true })
      const log = [createdEvent(run), note('one'), failed, reopened, note('two')]
      await store.log.create(here, run, log, 'engine-1')
      const { status, lastSeq, isWorkflow } = await store.log.run(here, 'copied')
      checkEqual({ status, lastSeq, isWorkflow }, { status: 'running', lastSeq: 5, isWorkflow: true }, 'the run')
      const read = await store.log.read(here, 'copied')
      checkEqual(messages(read), ['run.created', 'one', 'run.failed', 'run.reopened', 'two'], 'its log')
      await store.log.append(here, { runId: 'copied', epoch: 1, expectedSeq: 5, events: [completed] })
      checkEqual((await store.log.run(here, 'copied')).status, 'completed', 'its end')
      check((await store.log.run(here, 'run-1')).isWorkflow === undefined, 'run-1 is no workflow')
      const whole = newRun('ended', { isWorkflow: true })
      await store.log.create(here, whole, [createdEvent(whole), note('one'), completed])
      checkEqual((await store.log.run(here, 'ended')).status, 'completed', 'a run that was over before it was there')
      checkEqual(await store.leases.claim('engine-1', { limit: 9, definitions }), [], 'nobody drives it')
    },
  },
  {
    name: 'runs are found by whom they are charged to',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await charged(store, 'ann', { scopes: ['tenant:t', 'user:ann', 'tag:customer="7"'] })
      await charged(store, 'anna', { scopes: ['tenant:t', 'user:anna'], actor: 'ann' })
      await charged(store, 'said', { scopes: ['tenant:t'], input: { value: 'user:ann' } })
      await charged(store, 'old', { actor: 'ann' })
      checkEqual(await store.log.chargedTo('system', 'user:ann'), ['ann', 'old'], 'of ann')
      checkEqual(await store.log.chargedTo(here, 'tag:customer="7"'), ['ann'], 'of a tag')
      checkEqual(await store.log.chargedTo(elsewhere, 'user:ann'), [], 'of another tenant')
      checkEqual(await store.log.chargedTo(here, 'user:an'), [], 'of nobody')
    },
  },
  {
    name: 'a scope of the books gets another name, and no amount changes',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const { money } = store
      const key = 'daily/2026-11-21/tenant-here/user:ann'
      const marks = [{ id: '50%', at: '5', on: 'settled' as const }]
      await money.reserve(tenant, reservation('call-1', 10, [{ key, limit: '20', marks }]))
      const scopes = ['tenant:tenant-here', 'user:ann']
      await money.book(tenant, [{ id: 'call-1', picoDollars: '7' }], [line('call-1', 7, { scopes })])
      await money.book(tenant, [], [line('call-2', 3, { scopes: ['tenant:tenant-here', 'user:anna'] })])
      checkEqual(await money.rename(elsewhere, 'user:ann', 'user:x'), 0, 'of another tenant')
      checkEqual(await money.rename(here, 'user:ann', 'user:erased-1'), 1, 'lines that named it')
      const lines = await money.ledger(here)
      checkEqual(
        lines.map((one) => one.scopes[1]),
        ['user:erased-1', 'user:anna'],
        'the lines',
      )
      const rows = await money.report(here, { by: 'user' })
      checkEqual(
        rows.map((row) => `${row.key} ${row.picoDollars}`).toSorted(),
        ['anna 3', 'erased-1 7'],
        'the report by user',
      )
      const accounts = await money.accounts('daily/')
      checkEqual(
        accounts.map((one) => `${one.key} ${one.settled}`),
        ['daily/2026-11-21/tenant-here/user:erased-1 7'],
        'the accounts',
      )
      const alerts = await money.alerts()
      check(
        alerts.length === 1 && !JSON.stringify(alerts).includes('user:ann'),
        `an alert names ${JSON.stringify(alerts)}`,
      )
      await money.book(tenant, [], [line('call-3', 4, { scopes })])
      const total = await money.report(here, { by: 'total', scope: 'user:ann' })
      checkEqual(total[0]?.picoDollars, '4', 'what was charged since')
      checkEqual(await money.rename('system', 'user:ann', 'user:erased-2'), 1, 'again, everywhere')
    },
  },
]
