import { canonicalJson, MeepoError, type Delivery, type Inbox, type Mail, type RunId, type TenantId } from '@meepo/core'
import type { Database } from '../database/database.ts'
import type { Transaction } from '../database/transaction.ts'
import type { Hub } from '../follow/hub.ts'
import type { Reader } from '../read/reader.ts'
import { Desk, type KnownRun } from '../write/desk.ts'
import { tenantOf } from '../write/encode.ts'
import { post } from '../write/mail.ts'
import { noNews, type News } from '../write/news.ts'
import { isEnded } from '../write/part.ts'

/** The statements that read mail: each through inbox_delivery, inbox_signal or inbox_pending. */
export const inboxSql = {
  findDelivery: 'SELECT 1 AS found FROM inbox WHERE run = $1 AND delivery_id = $2',
  findSignal: `SELECT data FROM inbox WHERE run = $1 AND name = $2 AND kind = 'signal'`,
  pending: 'SELECT delivery_id AS id, kind, name, data FROM inbox WHERE run = $1 AND NOT taken ORDER BY inbox.id + 0',
} as const

interface MailRow {
  readonly id: string
  readonly kind: Delivery['kind']
  readonly name: string | null
  readonly data: string
}

/** What comes from outside. */
export function createInbox(database: Database, reader: Reader, hub: Hub): Inbox {
  const queues = new Map<RunId, Promise<unknown>>()
  return {
    deliver: (scope, runId, delivery) => {
      // As it is now: the caller may change it later.
      const data = JSON.stringify(delivery.data)
      const deliver = async (): Promise<'accepted' | 'duplicate'> => {
        const [news, answer] = await database.command(async (transaction) => {
          const fresh = noNews()
          const copy = { ...delivery, data: JSON.parse(data) as Delivery['data'] }
          return [fresh, await write(transaction, fresh, tenantOf(scope), runId, copy)] as const
        })
        hub.committed(news, [])
        return answer
      }
      // Deliveries to a run arrive in the order of their calls.
      const last = queues.get(runId)
      const next = last === undefined ? deliver() : last.then(deliver, deliver)
      queues.set(runId, next)
      const forget = (): void => {
        if (queues.get(runId) === next) queues.delete(runId)
      }
      next.then(forget, forget)
      return next
    },
    pending: async (scope, runId) => {
      const run = await reader.findRun(scope, runId)
      return (await database.all<MailRow>(inboxSql.pending, run.id)).map((row) => toMail(runId, row))
    },
  }
}

async function write(
  transaction: Transaction,
  news: News,
  tenant: TenantId | null,
  runId: RunId,
  delivery: Delivery,
): Promise<'accepted' | 'duplicate'> {
  const desk = Desk.empty()
  await desk.lock(transaction, [runId])
  const run = desk.needRun(runId, tenant)
  // Known mail is answered first: its sender may repeat it after the run ended, having missed the answer.
  if ((await transaction.all(inboxSql.findDelivery, run.id, delivery.id)).length > 0) return 'duplicate'
  if (delivery.kind === 'signal' && (await isKnownSignal(transaction, run, runId, delivery))) return 'duplicate'
  if (isEnded(run.status)) throw new MeepoError('run.ended', `run ${runId} has ended`)
  await post(transaction, news, [{ runId, run, delivery }])
  return 'accepted'
}

/** Throws when a signal of that name came before with another value. */
async function isKnownSignal(
  transaction: Transaction,
  run: KnownRun,
  runId: RunId,
  delivery: Delivery,
): Promise<boolean> {
  const [before] = await transaction.all<{ data: string }>(inboxSql.findSignal, run.id, delivery.name ?? '')
  if (!before) return false
  if (canonicalJson(JSON.parse(before.data)) === canonicalJson(delivery.data)) return true
  if (isEnded(run.status)) throw new MeepoError('run.ended', `run ${runId} has ended`)
  throw new MeepoError('signal.conflict', `run ${runId} got the signal ${delivery.name ?? ''} with another value`)
}

function toMail(runId: RunId, { id, kind, name, data }: MailRow): Mail {
  return { runId, id, kind, ...(name === null ? {} : { name }), data: JSON.parse(data) }
}
