import type { Scope } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import type { LogEvent, NewEvent } from '../log/events.ts'
import type { Delivery, NewRun, Store } from '../store/store.ts'
import { check } from './check.ts'

/** What a store can do beyond the contract that all share. */
export interface StoreCapabilities {
  /** What was acknowledged is still there after close and open. */
  readonly durable: boolean
  /** Several handles may be open on the same data at a time, as several processes would have them. */
  readonly processes: boolean
}

/** What a case is given. The harness removes the data, and closes handles that the case left open. */
export interface StoreCaseContext {
  readonly capabilities: StoreCapabilities
  /** A new, empty store. Called once, before `openAgain`. */
  open(): Promise<Store>
  /**
   * One more handle on the data of `open`. Only cases that need `durable` (after they closed the first handle) or
   * `processes` (with the first handle still open) call it.
   */
  openAgain(): Promise<Store>
}

/** One behaviour that every store shows. Fails by throwing; runs under any test runner. */
export interface StoreCase {
  readonly name: string
  /** The case holds only for stores with this capability. */
  readonly needs?: keyof StoreCapabilities
  run(context: StoreCaseContext): Promise<void>
}

/** The tenant of most cases. */
export const here: Scope = { tenant: 'tenant-here' }
/** A tenant that must not see anything of the other one. */
export const elsewhere: Scope = { tenant: 'tenant-elsewhere' }
/** The definition of the runs of {@link newRun}, as leases name it. */
export const definitions: readonly string[] = ['case@1']

/** A run to be, of the tenant {@link here} unless said otherwise. */
export function newRun(runId: string, change: Partial<NewRun> = {}): NewRun {
  return {
    runId,
    tenant: 'tenant-here',
    definition: 'case',
    version: '1',
    sessionId: runId,
    priority: 0,
    fingerprint: 'fingerprint-1',
    ...change,
  }
}

/** The first event of a run. */
export function createdEvent(run: NewRun, at = 1000): NewEvent {
  return {
    type: 'run.created',
    at,
    data: {
      definition: run.definition,
      version: run.version,
      input: { value: null },
      tenant: run.tenant,
      sessionId: run.sessionId,
      limits: { activeMs: 1000 },
      priority: run.priority,
      ...(run.parent ? { parent: run.parent } : {}),
    },
  }
}

/** An event that tells nothing but `message`. */
export function note(message: string, partial: Json = null): NewEvent {
  return { type: 'progress.reported', at: 2000, data: { message, partial } }
}

/** The end of a run. */
export const completed: NewEvent = { type: 'run.completed', at: 3000, data: { result: { value: 'done' } } }
/** Another end of a run, one that can be reopened. */
export const failed: NewEvent = {
  type: 'run.failed',
  at: 3000,
  data: {
    error: { code: 'step.failed', message: 'planned', retryable: false },
    unknownSteps: [],
    resumeAfter: 1,
  },
}

/** A signal for a run. */
export function signal(id: string, name: string, data: Json): Delivery {
  return { id, kind: 'signal', name, data }
}

/** Creates a queued run with one event. */
export async function createQueued(store: Store, runId: string, change: Partial<NewRun> = {}): Promise<void> {
  const run = newRun(runId, change)
  await store.log.create({ tenant: run.tenant }, run, [createdEvent(run)])
}

/** Creates a run with one event, owned by `engine`, which must have joined. Returns the epoch. */
export async function createOwned(
  store: Store,
  runId: string,
  engine = 'engine-1',
  change: Partial<NewRun> = {},
): Promise<number> {
  const run = newRun(runId, change)
  const result = await store.log.create({ tenant: run.tenant }, run, [createdEvent(run)], engine)
  check(result.kind === 'created', `${runId} was created before`)
  return result.epoch
}

/** Opens a store in which `engine-1` owns the new run `run-1`. */
export async function openWithRun(context: StoreCaseContext): Promise<{ store: Store; epoch: number }> {
  const store = await context.open()
  await store.leases.join('engine-1')
  return { store, epoch: await createOwned(store, 'run-1') }
}

/** The messages of the notes among events; other events by their type. */
export function messages(events: readonly LogEvent[]): readonly string[] {
  return events.map((event) => (event.type === 'progress.reported' ? (event.data.message ?? '') : event.type))
}

/** Takes `count` items of an iterable, then leaves it. */
export async function take<T>(source: AsyncIterable<T>, count: number): Promise<readonly T[]> {
  const items: T[] = []
  for await (const item of source) {
    items.push(item)
    if (items.length >= count) break
  }
  return items
}

/** Everything of an iterable that ends. */
export async function drain<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  return take(source, Number.POSITIVE_INFINITY)
}
