import {
  MeepoError,
  type Claim,
  type ClaimOptions,
  type EngineId,
  type Leases,
  type Orphan,
  type Release,
} from '@meepo/core'
import { integers, texts } from '../database/arrays.ts'
import type { Database } from '../database/database.ts'
import type { Transaction } from '../database/transaction.ts'
import type { Hub } from '../follow/hub.ts'
import { Desk, type Place } from '../write/desk.ts'
import type { Lanes } from '../write/lanes.ts'
import { noteClaimable } from '../write/mail.ts'
import { noNews, type News } from '../write/news.ts'
import { sql } from '../write/sql.ts'
import { leaseSql } from './sql.ts'

interface ClaimedRow {
  readonly id: number
  readonly run_id: string
  readonly epoch: number
  readonly tenant: string
  readonly definition: string
  readonly version: string
  readonly priority: number
  readonly deadline_at: number | null
}

/** Who drives which run. */
export function createLeases(database: Database, lanes: Lanes, hub: Hub): Leases {
  const change = async <T>(work: (transaction: Transaction, news: News) => Promise<T>): Promise<T> => {
    const [news, result] = await database.command(async (transaction) => {
      // Begun anew when the transaction is.
      const fresh = noNews()
      return [fresh, await work(transaction, fresh)] as const
    })
    hub.committed(news, [])
    return result
  }
  return {
    join: (engine) =>
      change(async (transaction) => {
        await transaction.run(leaseSql.join, engine)
      }),
    offer: (engine, definitions) =>
      change(async (transaction) => {
        await transaction.run(leaseSql.offer, engine, texts(definitions))
      }),
    offered: async () => (await database.all<{ key: string }>(leaseSql.offered)).map(({ key }) => key),
    orphans: (limit) => database.all<Orphan>(leaseSql.orphans, limit),
    adopt: (engine, runId, epoch) => change((transaction) => giveOne(transaction, 'adopt', engine, { runId, epoch })),
    beat: (engine) => change(async (transaction) => (await transaction.run(leaseSql.beat, engine)) === 1),
    owned: async (engine) => (await database.all<ClaimedRow>(leaseSql.owned, engine)).map(toClaim),
    engines: () => database.all<{ engine: EngineId; beat: number }>(leaseSql.engines),
    takeOver: (engine, beat) =>
      change(async (transaction, news) => {
        const gone = await transaction.run(leaseSql.deleteEngineAt, engine, beat)
        return gone === 0 ? 0 : freeRuns(transaction, news, engine)
      }),
    claim: (engine, options) => change((transaction, news) => claim(transaction, news, engine, options)),
    take: (engine, runId, epoch) => change((transaction) => giveOne(transaction, 'take', engine, { runId, epoch })),
    release: async (engine, runs) => {
      // Appends that were asked for before come before it, as everywhere else.
      await lanes.settled()
      await change((transaction, news) => release(transaction, news, engine, runs))
    },
    nextWakeAt: async () => (await database.all<{ at: number }>(leaseSql.nextWakeAt))[0]?.at,
    watch: (engine, onChange, options) => hub.watch(engine, onChange, options),
    leave: async (engine) => {
      await lanes.settled()
      await change(async (transaction, news) => {
        await transaction.run(leaseSql.deleteEngine, engine)
        await freeRuns(transaction, news, engine)
      })
    },
  }
}

async function freeRuns(transaction: Transaction, news: News, engine: EngineId): Promise<number> {
  const owned = await transaction.all<{ id: number; place: Place }>(leaseSql.lockOwned, engine)
  if (owned.length === 0) return 0
  for (const { place } of owned) noteClaimable(news, { place: givenBack(place) })
  return transaction.run(leaseSql.freeRuns, integers(owned.map(({ id }) => id)))
}

async function claim(
  transaction: Transaction,
  news: News,
  engine: EngineId,
  { limit, definitions, maxWorkflows }: ClaimOptions,
): Promise<readonly Claim[]> {
  const [names, wanted] = [texts([engine]), texts(definitions)]
  const holding = transaction.all(sql.holdEngines, names)
  const places = maxWorkflows === undefined ? null : await mostPlaces(transaction, holding, wanted, maxWorkflows)
  const [held, woken, free, [rest]] = await Promise.all([
    holding,
    transaction.run(leaseSql.wakeDue),
    transaction.all<ClaimedRow>(leaseSql.claim, wanted, limit, engine, places),
    transaction.all<{ isLeft: boolean }>(leaseSql.isLeft, wanted, places),
  ])
  if (held.length === 0) throw notJoined(engine)
  const missing = rest?.isLeft === true ? limit - free.length : 0
  const late = missing > 0 ? await transaction.all<ClaimedRow>(leaseSql.claimHeld, wanted, missing, engine, places) : []
  const rows = [...free, ...late]
  // Whoever claimed in the same moment did not see what this one woke. Whether it needs places is for them to see.
  if (woken > rows.length) news.places = true
  return rows.sort(byRight).map(toClaim)
}

/** Gives an engine one run that is still under this epoch. See `Leases.take` and `Leases.adopt`. */
async function giveOne(
  transaction: Transaction,
  how: 'take' | 'adopt',
  engine: EngineId,
  { runId, epoch }: Pick<Claim, 'runId' | 'epoch'>,
): Promise<Claim | undefined> {
  const held = await transaction.all(sql.holdEngines, texts([engine]))
  if (held.length === 0) throw notJoined(engine)
  const [given] = await transaction.all<ClaimedRow>(leaseSql[how], engine, runId, epoch)
  return given && toClaim(given)
}

function notJoined(engine: EngineId): MeepoError {
  return new MeepoError('store.fenced', `engine ${engine} has not joined, or others took over from it`)
}

/** How many places may be held. None when no workflow waited before this looked: one that does now is told of. */
async function mostPlaces(
  transaction: Transaction,
  holding: Promise<unknown>,
  wanted: Buffer,
  maxWorkflows: number,
): Promise<number> {
  const [locked] = await Promise.all([transaction.all(leaseSql.lockPlaces, wanted), holding])
  return locked.length > 0 ? maxWorkflows : 0
}

/** What a run has when nobody drives it any more and it keeps nothing. */
function givenBack(place: Place): Place {
  return place === 1 ? 0 : place
}

const noDeadline = 9e15

function byRight(a: ClaimedRow, b: ClaimedRow): number {
  return b.priority - a.priority || (a.deadline_at ?? noDeadline) - (b.deadline_at ?? noDeadline) || a.id - b.id
}

function toClaim({ run_id: runId, epoch, tenant, definition, version, priority, deadline_at }: ClaimedRow): Claim {
  const deadline = deadline_at === null ? {} : { deadlineAt: deadline_at }
  return { runId, epoch, tenant, definition, version, priority, ...deadline }
}

/** See `Leases.release`. A run that somebody else owns, or nobody any more, is left alone. */
async function release(
  transaction: Transaction,
  news: News,
  engine: EngineId,
  runs: readonly Release[],
): Promise<void> {
  const desk = Desk.empty()
  await desk.lock(
    transaction,
    runs.map(({ runId }) => runId),
  )
  await Promise.all(
    runs.map(async ({ runId, epoch, status, wakeAt, keepsPlace }) => {
      const run = desk.findRun(runId)
      if (!run || run.owner !== engine || run.epoch !== epoch) return
      run.owner = null
      const isKept = status === 'waiting' && keepsPlace === true
      if (run.place === 1 && !isKept) {
        run.place = 0
        news.places = true
      }
      if (status === 'queued') {
        noteClaimable(news, run)
        await transaction.run(leaseSql.releaseQueued, run.id)
        return
      }
      const values = [run.id, wakeAt ?? null, isKept ? 1 : 0] as const
      const [released] = await transaction.all<{ ready: boolean }>(leaseSql.releaseWaiting, ...values)
      if (released?.ready === true) noteClaimable(news, run)
    }),
  )
}
