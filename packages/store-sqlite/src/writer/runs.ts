import type { EngineId, Grant, NewRun, RunId, RunStatus, TenantId } from '@meepo/core'
import type { AppendRest, Command, EncodedEvent, MoneyPart, Part } from '../protocol.ts'
import { Refusal } from '../refusal.ts'
import { isEnded, type Desk, type KnownRun } from './desk.ts'
import { deliverFromChild } from './mail.ts'
import { renamePastLines } from './removal.ts'
import { maxEventRows } from './sql.ts'

/**
 * The log of runs. Every function checks first and writes after: a refusal leaves nothing behind, so parts of a batch
 * need no savepoint of their own.
 */

/** What stays in the log of a run; see `Log.create`. */
export function createRun(desk: Desk, run: NewRun, owner: EngineId | null, events: readonly EncodedEvent[]): unknown {
  const ownerKey = owner === null ? undefined : desk.needEngine(owner)
  const key = insertRun(desk, run, ownerKey, events[0]?.at ?? 0)
  if (key === undefined) {
    const existing = desk.needRun(run.runId, null)
    if (existing.tenant === run.tenant && existing.fingerprint === run.fingerprint) return 'exists'
    throw new Refusal('run.exists', `run ${run.runId} exists with another definition or input`)
  }
  const created: KnownRun = {
    key,
    tenant: run.tenant,
    fingerprint: run.fingerprint,
    isWorkflow: run.isWorkflow === true,
    status: ownerKey === undefined ? 'queued' : 'running',
    epoch: ownerKey === undefined ? 0 : 1,
    owner: ownerKey,
    lastSeq: 0,
  }
  desk.remember(run.runId, created)
  if (desk.hasRemovals) renamePastLines(desk, run.runId)
  if (run.picoDollars !== undefined) desk.money.setLimit(`run:${run.runId}`, run.picoDollars)
  writeEvents(desk, run.runId, created, events)
  if (created.status === 'queued') desk.noteClaimable()
  return undefined
}

/** The key of the new run, or undefined when its id is taken. */
function insertRun(desk: Desk, run: NewRun, owner: number | undefined, createdAt: number): number | undefined {
  const parent = run.parent
  const isOwned = owner !== undefined
  const { changes, lastInsertRowid } = desk.run.insertRun.run(
    run.runId,
    run.tenant,
    run.definition,
    run.version,
    run.sessionId,
    run.fingerprint,
    parent?.runId ?? null,
    parent?.number ?? null,
    parent?.childId ?? null,
    run.priority,
    run.deadlineAt ?? null,
    createdAt,
    isOwned ? 'running' : 'queued',
    isOwned ? 1 : 0,
    owner ?? null,
    isOwned ? 0 : 1,
    run.isWorkflow === true ? Number(isOwned) : null,
  )
  return changes === 0 ? undefined : Number(lastInsertRowid)
}

/** See `Log.append`. */
export function appendEvents(desk: Desk, part: Extract<Part, { kind: 'append' }>): unknown {
  const run = desk.needRun(part.runId, part.tenant)
  if (isEnded(run.status)) throw new Refusal('run.ended', `run ${part.runId} has ended`)
  if (run.owner === undefined || run.epoch !== part.epoch) {
    throw new Refusal('store.fenced', `epoch ${part.epoch} of run ${part.runId} is over`)
  }
  if (run.lastSeq !== part.expectedSeq) {
    throw new Refusal(
      'store.sequence_conflict',
      `the log of run ${part.runId} ends at ${run.lastSeq}, not at ${part.expectedSeq}`,
    )
  }
  if (part.events.some(({ type }, index) => endings[type] && index < part.events.length - 1)) {
    throw new Refusal('run.ended', `an append to run ${part.runId} goes on behind the end of the run`)
  }
  if (part.extras) writeExtras(desk, part.tenant, run, part.extras)
  writeEvents(desk, part.runId, run, part.events)
  return part.money && desk.money.apply({ tenant: run.tenant, run: run.key }, part.money, () => run.key)
}

/** See `Log.reopen`. */
export function reopenRun(desk: Desk, { tenant, runId, event, most, by }: Extract<Command, { kind: 'reopen' }>): void {
  const run = desk.needRun(runId, tenant)
  if (run.status !== 'failed' && run.status !== 'cancelled') {
    throw new Refusal('run.not_resumable', `run ${runId} is ${run.status}`)
  }
  const driven = by && desk.findRun(by.runId)
  if (by && (driven?.owner === undefined || driven.epoch !== by.epoch)) {
    throw new Refusal('store.fenced', `epoch ${by.epoch} of run ${by.runId} is over`)
  }
  desk.run.reopenRun.run(run.key)
  run.status = 'queued'
  run.epoch++
  run.owner = undefined
  if (most !== undefined) desk.money.setLimit(`run:${runId}`, most)
  writeEvents(desk, runId, run, [event])
  desk.noteClaimable()
}

function writeEvents(desk: Desk, runId: RunId, run: KnownRun, events: readonly EncodedEvent[]): void {
  for (let start = 0; start < events.length; start += maxEventRows) {
    const rows: (string | number)[] = []
    const end = Math.min(start + maxEventRows, events.length)
    for (const { type, at, data } of start === 0 && end === events.length ? events : events.slice(start, end)) {
      rows.push(++desk.lastEvent, run.key, ++run.lastSeq, at, type, data)
      if (data.includes(blobMark)) noteBlobs(desk, run, data)
    }
    desk.insertEvents[end - start - 1]?.run(...rows)
  }
  const last = events.at(-1)
  const ending = last && endings[last.type]
  if (!last || !ending) return
  desk.run.endRun.run(ending, last.at, run.key)
  if (run.isWorkflow) freePlace(desk, run.key)
  run.status = ending
  run.owner = undefined
  // An ended run is rarely asked for again, so it need not be remembered.
  desk.forgetRun(runId)
}

/** The end of a workflow: another may have its place. */
function freePlace(desk: Desk, key: number): void {
  desk.run.freePlace.run(key)
  desk.noteClaimable()
}

const endings: Readonly<Record<string, RunStatus | undefined>> = {
  'run.completed': 'completed',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
}

/** How a reference to a blob begins in JSON. Inside a JSON string the quotes would be escaped. */
const blobMark = '"ref":{"blob":"'

function noteBlobs(desk: Desk, run: KnownRun, data: string): void {
  for (let at = data.indexOf(blobMark); at !== -1; at = data.indexOf(blobMark, at + 1)) {
    const start = at + blobMark.length
    const hash = data.slice(start, data.indexOf('"', start))
    desk.run.useBlob.run(run.key, hash, run.tenant)
    desk.run.settlePut.run(hash, run.tenant)
  }
}

function writeExtras(desk: Desk, tenant: TenantId | null, run: KnownRun, extras: AppendRest): void {
  for (const id of extras.inboxTaken ?? []) desk.run.takeMail.run(run.key, id)
  if (extras.deliver) deliverFromChild(desk, tenant, extras.deliver.runId, extras.deliver.delivery)
}

/** Money outside of the log of a run; see `Money.reserve` and `Money.book`. */
export function applyMoney(desk: Desk, tenant: TenantId, money: MoneyPart): readonly Grant[] | undefined {
  for (const { runId } of money.ledger) if (runId !== null) desk.needRun(runId, tenant)
  return desk.money.apply({ tenant, run: null }, money, (runId) => desk.needRun(runId, tenant).key)
}
