import { MeepoError, type RunId, type Store } from '@meepo/core'
import { foldTimeline, type Timeline, type TimelineEntry } from './timeline.ts'

/** Reads a run and everything below it. Rejects with `run.not_found`. */
export async function readTree(store: Store, runId: RunId): Promise<Timeline> {
  const run = await store.log.run('system', runId)
  const timeline = foldTimeline(run, await store.log.read('system', runId))
  const entries: TimelineEntry[] = []
  let tokens = timeline.tokens
  for (const entry of timeline.entries) {
    const child = entry.childRunId === undefined ? undefined : await readChild(store, entry.childRunId)
    tokens += child?.tokens ?? 0
    entries.push(child ? { ...entry, child } : entry)
  }
  const [balance] = await store.money.balances([`run:${runId}`])
  if (!balance) return { ...timeline, tokens, entries }
  const { settled, reserved, limit } = balance
  return { ...timeline, tokens, entries, spending: { settled, reserved, ...(limit === undefined ? {} : { limit }) } }
}

/** A child may not be there yet: its parent writes down that it will start it. */
async function readChild(store: Store, runId: RunId): Promise<Timeline | undefined> {
  try {
    return await readTree(store, runId)
  } catch (thrown) {
    if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return undefined
    throw thrown
  }
}
