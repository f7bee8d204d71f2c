import { MeepoError } from '../base/errors.ts'
import type { EngineId, Scope } from '../base/ids.ts'
import { canonicalJson, type Json } from '../base/json.ts'
import type { Machine } from '../base/ports.ts'
import { isTerminal, type LogEvent, type NewEvent, type RunLimits, type Stored } from '../log/events.ts'
import type { AppendExtras, Delivery, NewRun, Store } from '../store/store.ts'
import { createdOf } from './copy-tree.ts'
import type { RunCopy, TreeCopy } from './run-copy.ts'

/*
 * Puts runs into a store by what every store can do. An engine of its own owns them meanwhile, so nobody drives a run before
 * all of it is there.
 *
 * P1 The first write of a run holds its whole log, less the event that ended it: whatever happens after it, that log is what
 *    an engine finds, and doing it again goes on where it stopped.
 * P2 Lines of the ledger and the run's own account are written with its last event, or alone. No other balance changes:
 *    what was spent was charged where the run was driven.
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
  const missing: RunCopy[] = []
  for (const run of tree.runs) if (!(await isThere(store, scope, run))) missing.push(run)
  if (missing.length === 0) return { kind: 'exists', runs: 0 }
  const { tenant } = tree
  for (const [id, text] of tree.blobs) await store.blobs.put({ tenant }, id, text)
  const known = new Set<string>()
  for (const { runId } of missing) if (await isBooked(store, tenant, runId)) known.add(runId)
  const engine: EngineId = `import-${machine.random.id().slice(0, 16)}`
  await store.leases.join(engine)
  try {
    const open: { runId: string; epoch: number; status: 'queued' }[] = []
    for (const run of missing) {
      await store.leases.beat(engine)
      const ledger = known.has(run.runId) ? [] : run.ledger
      const epoch = await write(store, machine, engine, tree, { ...run, ledger })
      if (epoch !== undefined) open.push({ runId: run.runId, epoch, status: 'queued' })
    }
    await store.leases.release(engine, open)
  } finally {
    await store.leases.leave(engine)
  }
  return { kind: 'imported', runs: missing.length }
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

/** P3 */
async function isBooked(store: Store, tenant: string, runId: string): Promise<boolean> {
  const sums = await store.money.report({ tenant }, { by: 'total', scope: `run:${runId}` })
  return sums.some(({ calls }) => calls > 0)
}

/** The epoch of a run that has not ended. */
async function write(
  store: Store,
  machine: Machine,
  engine: EngineId,
  { tenant, blobs }: TreeCopy,
  copy: RunCopy,
): Promise<number | undefined> {
  const { runId, events, pending, ledger, reservations, account } = copy
  const scope = { tenant }
  const last = events.at(-1)
  const end = last && isTerminal(last) ? last : undefined
  const log: readonly NewEvent[] = end ? events.slice(0, -1) : events
  const created = await store.log.create(scope, newRunOf(machine, copy, blobs), log.map(withoutSeq), engine)
  if (created.kind === 'exists') throw new MeepoError('run.exists', `run ${runId} was created meanwhile`)
  const { epoch } = created
  const taken = end ? [] : events.flatMap((event) => takenMail(event, blobs))
  for (const delivery of end ? [] : [...taken, ...pending]) await store.inbox.deliver(scope, runId, delivery)
  const own = [{ key: `run:${runId}` }]
  const spent = { id: `${runId}/imported`, picoDollars: account.settled }
  const hasSpent = BigInt(account.settled) > 0n
  const aside = reservations.map((one) => ({ ...one, atLeast: one.picoDollars, accounts: own }))
  const reserve = [...aside, ...(hasSpent ? [{ ...spent, atLeast: spent.picoDollars, accounts: own }] : [])]
  const append = async (more: readonly NewEvent[], extras: AppendExtras): Promise<void> => {
    await store.log.append(scope, { runId, epoch, expectedSeq: log.length, events: more, extras })
  }
  if (taken.length + reserve.length > 0) await append([], { inboxTaken: taken.map(({ id }) => id), reserve })
  await append(end ? [withoutSeq(end)] : [], { settle: hasSpent ? [spent] : [], ledger })
  if (account.limit !== undefined) await store.money.setLimit(`run:${runId}`, account.limit)
  return end ? undefined : epoch
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
