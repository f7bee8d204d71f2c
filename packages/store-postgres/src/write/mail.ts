import type { Delivery, RunId } from '@meepo/core'
import { integers, texts } from '../database/arrays.ts'
import type { Transaction } from '../database/transaction.ts'
import type { KnownRun } from './desk.ts'
import type { News } from './news.ts'
import { sql } from './sql.ts'

/** A delivery with the run that it is for, whose row is locked. */
export interface Letter {
  readonly runId: RunId
  readonly run: KnownRun
  readonly delivery: Delivery
}

/** Puts deliveries into inboxes, in order, and wakes those who wait for them. What came before is left out. */
export async function post(transaction: Transaction, news: News, letters: readonly Letter[]): Promise<void> {
  const reached = await insert(transaction, letters)
  const exempt = reached.filter(({ run, delivery }) => run.place === 0 && delivery.kind === 'cancel')
  for (const { run } of exempt) run.place = 2
  for (const { runId, run } of reached) note(news, runId, run)
  // One that is queued already may be claimed from now on.
  if (exempt.length > 0) news.claimable = true
  const waiting = reached.filter(({ run }) => run.status === 'waiting')
  await Promise.all([
    exempt.length > 0 && transaction.run(sql.exempt, integers(exempt.map(({ run }) => run.id))),
    waiting.length > 0 && transaction.run(sql.wakeRuns, integers(waiting.map(({ run }) => run.id))),
  ])
}

async function insert(transaction: Transaction, letters: readonly Letter[]): Promise<readonly Letter[]> {
  const rows = await transaction.all<{ run: number; delivery_id: string }>(
    sql.insertMail,
    integers(letters.map(({ run }) => run.id)),
    texts(letters.map(({ delivery }) => delivery.id)),
    texts(letters.map(({ delivery }) => delivery.kind)),
    texts(letters.map(({ delivery: { kind, name } }) => name ?? (kind === 'signal' ? '' : null))),
    texts(letters.map(({ delivery }) => JSON.stringify(delivery.data))),
  )
  const inserted = new Set(rows.map((row) => nameOf(row.run, row.delivery_id)))
  // The first of equal ones.
  return letters.filter(({ run, delivery }) => inserted.delete(nameOf(run.id, delivery.id)))
}

function nameOf(run: number, delivery: string): string {
  return `${run} ${delivery}`
}

/** Tells the owner of a run that it has mail, or everybody that there is something to claim. */
function note(news: News, runId: RunId, run: KnownRun): void {
  if (run.owner !== null) news.mail.push({ runId, engine: run.owner })
  if (run.status === 'waiting') noteClaimable(news, run)
}

/** Tells everybody that a run can be claimed: a workflow that needs a place only by those who have one left. */
export function noteClaimable(news: News, { place }: Pick<KnownRun, 'place'>): void {
  if (place === 0) news.places = true
  else news.claimable = true
}
