import {
  blobsOf,
  readRecording,
  type Json,
  lostEntry,
  type CallEvent,
  type NewEvent,
  type Recording,
  type RunId,
  type Scheduler,
  type Store,
  type TenantId,
} from '@meepo/core'

/** A run as its log tells it. */
export interface Loaded {
  readonly recording: Recording
  readonly fetched: ReadonlyMap<string, Json>
  readonly lost: readonly LostEnd[]
}

/** The end of a call that nobody booked, see {@link lostEntry}, and what is still set aside for it. */
export interface LostEnd {
  readonly event: CallEvent<'call.settled'>
  readonly granted: bigint | null
}

/** Reads the log of a run and the large values that a replay of its last segment needs. */
export async function loadRun(store: Store, scheduler: Scheduler, tenant: TenantId, runId: RunId): Promise<Loaded> {
  const events = await store.log.read({ tenant }, runId)
  const recording = readRecording(events)
  const from = events.findLastIndex((event) => event.type === 'run.continued')
  const fetched = await fetchBlobs(store, tenant, from < 0 ? events : events.slice(from))
  return { recording, fetched, lost: await lostCalls(store, scheduler, tenant, runId, recording) }
}

/** What is still set aside for a call tells what it may have cost: reservations of a run live until they are booked. */
async function lostCalls(
  store: Store,
  scheduler: Scheduler,
  tenant: TenantId,
  runId: RunId,
  { lostCalls: calls }: Recording,
): Promise<Loaded['lost']> {
  if (calls.size === 0) return []
  const reservations = await store.money.reservations({ tenant }, runId)
  const granted = new Map(reservations.map(({ id, picoDollars }) => [id, picoDollars]))
  const at = scheduler.now()
  return [...calls.values()].map((call) => {
    const { number, attempt, call: id } = call
    const aside = granted.get(id)
    const data = { number, attempt, call: id, entry: lostEntry(call, aside, at) }
    return { event: { type: 'call.settled', at, data }, granted: aside === undefined ? null : BigInt(aside) }
  })
}

const nothing: Promise<ReadonlyMap<string, Json>> = Promise.resolve(new Map())

/** The values of all blobs that these events name. */
export function fetchBlobs(
  store: Store,
  tenant: TenantId,
  events: readonly NewEvent[],
): Promise<ReadonlyMap<string, Json>> {
  const ids = blobsOf(events)
  return ids.length === 0 ? nothing : fetchEach(store, tenant, ids)
}

async function fetchEach(store: Store, tenant: TenantId, ids: readonly string[]): Promise<ReadonlyMap<string, Json>> {
  const fetched = new Map<string, Json>()
  for (const id of new Set(ids)) {
    // Blobs are written as JSON by the drivers.
    fetched.set(id, JSON.parse(await store.blobs.get({ tenant }, id)) as Json)
  }
  return fetched
}
