import type { Delivery, RunId } from '@meepo/core'
import { integers, texts } from '../database/arrays.ts'
import type { Transaction } from '../database/transaction.ts'
import type { KnownRun } from './desk.ts'
import type { News } from './news.ts'
import { sql } from './sql.ts'

/** Puts deliveries into inboxes, in order. Returns the runs that got one. */
export async function insertMail(
  transaction: Transaction,
  mail: readonly { readonly run: number; readonly delivery: Delivery }[],
): Promise<ReadonlySet<number>> {
  const rows = await transaction.all<{ run: number }>(
    sql.insertMail,
    integers(mail.map(({ run }) => run)),
    texts(mail.map(({ delivery }) => delivery.id)),
    texts(mail.map(({ delivery }) => delivery.kind)),
    texts(mail.map(({ delivery: { kind, name } }) => name ?? (kind === 'signal' ? '' : null))),
    texts(mail.map(({ delivery }) => JSON.stringify(delivery.data))),
  )
  return new Set(rows.map(({ run }) => run))
}

/** Tells the owner of a run that it has mail, or everybody that there is something to claim. */
export function noteMail(news: News, runId: RunId, run: KnownRun): void {
  if (run.owner !== null) news.mail.push({ runId, engine: run.owner })
  if (run.status === 'waiting') news.claimable = true
}
