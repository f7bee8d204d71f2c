import {
  blobsOf,
  readRecording,
  type Json,
  type NewEvent,
  type Recording,
  type RunId,
  type Store,
  type TenantId,
} from '@meepo/core'

/** A run as its log tells it. */
export interface Loaded {
  readonly recording: Recording
  readonly fetched: ReadonlyMap<string, Json>
}

/** Reads the log of a run and the large values that a replay of its last segment needs. */
export async function loadRun(store: Store, tenant: TenantId, runId: RunId): Promise<Loaded> {
  const events = await store.log.read({ tenant }, runId)
  const recording = readRecording(events)
  const from = events.findLastIndex((event) => event.type === 'run.continued')
  const fetched = await fetchBlobs(store, tenant, from < 0 ? events : events.slice(from))
  return { recording, fetched }
}

const nothing: ReadonlyMap<string, Json> = new Map()

/** The values of all blobs that these events name. */
export async function fetchBlobs(
  store: Store,
  tenant: TenantId,
  events: readonly NewEvent[],
): Promise<ReadonlyMap<string, Json>> {
  const ids = blobsOf(events)
  if (ids.length === 0) return nothing
  const fetched = new Map<string, Json>()
  for (const id of new Set(ids)) {
    // Blobs are written as JSON by the drivers.
    fetched.set(id, JSON.parse(await store.blobs.get({ tenant }, id)) as Json)
  }
  return fetched
}
