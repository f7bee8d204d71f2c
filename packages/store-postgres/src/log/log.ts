import { MeepoError, type DrivenRun, type Log, type NewEvent, type RunId, type TenantId } from '@meepo/core'
import { readPositive } from '@meepo/core/store-rules'
import { doubles, integers, texts } from '../database/arrays.ts'
import type { Database } from '../database/database.ts'
import type { Transaction } from '../database/transaction.ts'
import type { Hub } from '../follow/hub.ts'
import { runOfAccount } from '../money/accounts.ts'
import { moneySql } from '../money/sql.ts'
import type { Reader } from '../read/reader.ts'
import { Desk } from '../write/desk.ts'
import { encodeEvent, tenantOf } from '../write/encode.ts'
import type { Lanes } from '../write/lanes.ts'
import { noteClaimable } from '../write/mail.ts'
import { noNews, type News } from '../write/news.ts'
import type { EncodedEvent } from '../write/part.ts'
import { sql } from '../write/sql.ts'
import { forget } from './forget.ts'
import { prune } from './prune.ts'

/** The logs. */
export function createLog(database: Database, lanes: Lanes, reader: Reader, hub: Hub): Log {
  const tellRemoved = (runs: readonly number[]): void => hub.committed({ ...noNews(), runs: new Set(runs) }, [])
  return {
    create: async (scope, run, events, owner) => {
      if (scope !== 'system' && scope.tenant !== run.tenant) {
        throw new MeepoError('run.not_found', `run ${run.runId} belongs to another tenant than its creator`)
      }
      if (run.picoDollars !== undefined) readPositive(run.picoDollars)
      return lanes.create(run, owner, events)
    },
    append: (scope, request) => lanes.append(scope, request),
    reopen: async (scope, runId, event, by) => {
      const most = limitOf(event)
      const asked = { tenant: tenantOf(scope), runId, event: encodeEvent(event), most, by }
      const news = await database.command((transaction) => reopen(transaction, asked))
      hub.committed(news, [])
    },
    read: (scope, runId, afterSeq = 0) => reader.log(scope, runId, afterSeq),
    follow: (scope, runId, { afterSeq = 0, signal }) => hub.follow(scope, runId, afterSeq, signal),
    followAll: (scope, { after = 0, signal }) => hub.followAll(scope, after, signal),
    run: (scope, runId) => reader.summary(scope, runId),
    runs: (scope, filter = {}) => reader.summaries(scope, filter),
    forget: (scope, endedBefore) => forget(database, tellRemoved, tenantOf(scope), endedBefore),
    prune: (scope, options) => prune(database, tellRemoved, tenantOf(scope), options),
    prunable: (scope, options) => reader.prunable(scope, options),
    chargedTo: (scope, charged) => reader.chargedTo(scope, charged),
  }
}

/** The new limit of money in a reopening. */
function limitOf(event: NewEvent): string | undefined {
  const most = event.type === 'run.reopened' ? event.data.limits.picoDollars : undefined
  if (most !== undefined) readPositive(most)
  return most
}

interface Reopening {
  readonly tenant: TenantId | null
  readonly runId: RunId
  readonly event: EncodedEvent
  readonly most: string | undefined
  readonly by: DrivenRun | undefined
}

async function reopen(transaction: Transaction, { tenant, runId, event, most, by }: Reopening): Promise<News> {
  const desk = Desk.empty()
  await desk.lock(transaction, by ? [runId, by.runId] : [runId])
  const { id, status, lastSeq, place } = desk.needRun(runId, tenant)
  if (status !== 'failed' && status !== 'cancelled') {
    throw new MeepoError('run.not_resumable', `run ${runId} is ${status}`)
  }
  const driven = by && desk.findRun(by.runId)
  if (by && (typeof driven?.owner !== 'string' || driven.epoch !== by.epoch)) {
    throw new MeepoError('store.fenced', `epoch ${by.epoch} of run ${by.runId} is over`)
  }
  const { type, at, data } = event
  const key = `run:${runId}`
  const [run, seq] = [integers([id]), integers([lastSeq + 1])]
  await Promise.all([
    transaction.run(sql.reopenRun, id),
    transaction.run(sql.append, run, seq, run, seq, doubles([at]), texts([type]), texts([data])),
    most === undefined ? undefined : transaction.run(moneySql.setLimit, key, most, runOfAccount(key)),
  ])
  const news: News = { ...noNews(), runs: new Set([id]) }
  noteClaimable(news, { place: place === null ? null : 0 })
  return news
}
