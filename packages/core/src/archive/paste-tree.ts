import { MeepoError } from '../base/errors.ts'
import type { EngineId, Scope } from '../base/ids.ts'
import { canonicalJson, type Json } from '../base/json.ts'
import type { Machine } from '../base/ports.ts'
import { isTerminal, type LogEvent, type NewEvent, type RunLimits, type Stored } from '../log/events.ts'
import type { AppendExtras, Delivery, NewRun, Store } from '../store/store.ts'
import { createdOf } from './copy-tree.ts'
import type { RunCopy, TreeCopy } from './run-copy.ts'

/*
 * Puts runs into a store by what every store can do. Whatever stops it in the middle, doing it again goes on from there.
 *
 * P1 The first write of a run holds its whole log. One that has not ended is owned by an engine of ours meanwhile, so nobody
 *    drives it before its mail is there; should that engine be taken for dead, the log is whole all the same.
 * P2 What was spent goes to the run's own account and to no other: budgets were charged where the run was driven.
 * P3 Lines that the books of this store know already (the run was removed from it) are not added to its sums again.
 */

/** What became of a copy: `exists` when all of it was there, or had gone on from there. */
export interface Pasted {
  readonly kind: 'imported' | 'exists'
  /** How many runs were written. */
  readonly runs: number
}

/**
 * Puts runs into a store, under their own ids. One that has not ended is queued then: whoever knows its definition drives it
 * on. Rejects with `archive.conflict`, and has written nothing, when a run of one of the ids is there with another log, or
 * when they belong to another tenant than the scope.
 */
export async function pasteTree(store: Store, machine: Machine, scope: Scope, tree: TreeCopy): Promise<Pasted> {
  if (scope !== 'system' && scope.tenant !== tree.tenant) {
    throw new MeepoError('archive.conflict', `the runs belong to the tenant ${tree.tenant}`)
  }
  const missing = new Set<RunCopy>()
  for (const run of tree.runs) if (!(await isThere(store, scope, run))) missing.add(run)
  const { tenant } = tree
  if (missing.size > 0) for (const [id, text] of tree.blobs) await store.blobs.put({ tenant }, id, text)
  const engine: EngineId = `import-${machine.random.id().slice(0, 16)}`
  await store.leases.join(engine)
  try {
    const open: { runId: string; epoch: number; status: 'queued' }[] = []
    for (const run of missing) {
      await store.leases.beat(engine)
      const epoch = await writeLog(store, machine, engine, tree, run)
      if (epoch === undefined) continue
      open.push({ runId: run.runId, epoch, status: 'queued' })
      await writeMail(store, tree, run, epoch)
    }
    // Looked at before any of it: a line of a child counts for its parents too.
    const booked = new Set<RunCopy>()
    for (const run of tree.runs) if (await isBooked(store, tenant, run.runId)) booked.add(run)
    for (const run of tree.runs) await book(store, tenant, booked.has(run) ? { ...run, ledger: [] } : run)
    for (const run of missing) await setLimit(store, run)
    await store.leases.release(engine, open)
  } finally {
    await store.leases.leave(engine)
  }
  return { kind: missing.size > 0 ? 'imported' : 'exists', runs: missing.size }
}

/** True for a log that is there, or went on from there. */
async function isThere(store: Store, scope: Scope, { runId, events }: RunCopy): Promise<boolean> {
  let found: readonly LogEvent[]
  try {
    found = await store.log.read(scope, runId)
  } catch (thrown) {
    if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return false
    throw thrown
  }
  const isSame = events.every((event, index) => canonicalJson(event) === canonicalJson(found[index] ?? null))
  if (isSame) return true
  throw new MeepoError('archive.conflict', `run ${runId} is there with another log`, { details: { runId } })
}

/** P3. Whether its lines are in the sums. */
async function isBooked(store: Store, tenant: string, runId: string): Promise<boolean> {
  const sums = await store.money.report({ tenant }, { by: 'total', scope: `run:${runId}` })
  return sums.some(({ calls }) => calls > 0)
}

/** P1. The epoch of a run that has not ended. */
async function writeLog(
  store: Store,
  machine: Machine,
  engine: EngineId,
  { tenant, blobs }: TreeCopy,
  copy: RunCopy,
): Promise<number | undefined> {
  const last = copy.events.at(-1)
  const isEnded = last !== undefined && isTerminal(last)
  const log = copy.events.map(withoutSeq)
  const run = newRunOf(machine, copy, blobs)
  const created = await store.log.create({ tenant }, run, log, isEnded ? undefined : engine)
  if (created.kind === 'exists') throw new MeepoError('run.exists', `run ${copy.runId} was created meanwhile`)
  return isEnded ? undefined : created.epoch
}

/** What waited for the run, what it took before, and what is set aside for calls that were lost. */
async function writeMail(
  store: Store,
  { tenant, blobs }: TreeCopy,
  { runId, events, pending, reservations }: RunCopy,
  epoch: number,
): Promise<void> {
  const scope = { tenant }
  const taken = events.flatMap((event) => takenMail(event, blobs))
  for (const delivery of [...taken, ...pending]) await store.inbox.deliver(scope, runId, delivery)
  if (taken.length + reservations.length === 0) return
  const accounts = [{ key: `run:${runId}` }]
  const extras: AppendExtras = {
    inboxTaken: taken.map(({ id }) => id),
    reserve: reservations.map((one) => ({ ...one, atLeast: one.picoDollars, accounts })),
  }
  await store.log.append(scope, { runId, epoch, expectedSeq: events.length, events: [], extras })
}

/** P2 */
async function book(store: Store, tenant: string, { runId, ledger, account }: RunCopy): Promise<void> {
  const scope = { tenant }
  const { settled: picoDollars } = account
  const [balance] = await store.money.balances([`run:${runId}`])
  const spent = { id: `${runId}/imported`, picoDollars }
  const isCounted = BigInt(picoDollars) === 0n || BigInt(balance?.settled ?? 0) > 0n
  if (!isCounted) {
    const accounts = [{ key: `run:${runId}` }]
    await store.money.reserve(scope, { ...spent, atLeast: picoDollars, accounts, expiresAt: Number.MAX_SAFE_INTEGER })
  }
  if (!isCounted || ledger.length > 0) await store.money.book(scope, isCounted ? [] : [spent], ledger)
}

async function setLimit(store: Store, { runId, account }: RunCopy): Promise<void> {
  if (account.limit !== undefined) await store.money.setLimit(`run:${runId}`, account.limit)
}

/** A run as a start makes it, so that the same start finds it. Its limit of money is set when everything is booked. */
export function newRunOf(
  { hash }: Pick<Machine, 'hash'>,
  { runId, isWorkflow, events }: Pick<RunCopy, 'runId' | 'isWorkflow' | 'events'>,
  blobs: ReadonlyMap<string, string>,
): NewRun {
  const { definition, version, tenant, sessionId, parent, priority, limits, input } = createdOf(events).data
  const { deadlineAt } = latestLimits(limits, events)
  const inputText = canonicalJson(valueOf(input, blobs))
  const key = `${definition}@${version}`
  return {
    runId,
    tenant,
    definition,
    version,
    sessionId,
    ...(parent ? { parent } : {}),
    priority,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(isWorkflow ? { isWorkflow } : {}),
    fingerprint: parent ? `${key}/${hash(inputText).slice(0, 32)}` : hash(`${key}\n${inputText}`),
  }
}

function latestLimits(limits: RunLimits, events: readonly LogEvent[]): RunLimits {
  let latest = limits
  for (const event of events) {
    if (event.type === 'run.forked') latest = event.data.limits
    else if (event.type === 'run.reopened') latest = { ...latest, ...event.data.limits }
  }
  return latest
}

/** A signal that the log holds: the inbox must know it, so that it comes once. */
function takenMail(event: LogEvent, blobs: ReadonlyMap<string, string>): readonly Delivery[] {
  if (event.type !== 'signal.received') return []
  const { name, value, deliveryId } = event.data
  return [{ id: deliveryId, kind: 'signal', name, data: valueOf(value, blobs) }]
}

function valueOf(stored: Stored, blobs: ReadonlyMap<string, string>): Json {
  if ('value' in stored) return stored.value
  const text = blobs.get(stored.ref.blob)
  if (text === undefined) throw new MeepoError('archive.tampered', `the value ${stored.ref.blob} is missing`)
  // Values are written as JSON by drivers.
  return JSON.parse(text) as Json
}

function withoutSeq({ type, at, data }: NewEvent): NewEvent {
  // Type and data stay the pair that they were.
  return { type, at, data } as NewEvent
}
