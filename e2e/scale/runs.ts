import { setTimeout as delay } from 'node:timers/promises'
import type { RunHandle } from 'meepo'
import type { Ground } from './ground.ts'

/** So many runs are asked for at once. */
const batch = 200

/** Puts runs into the queue for whoever drives some. */
export async function queueRuns(
  { engine }: Ground,
  definition: string,
  count: number,
  input: (number: number) => unknown,
): Promise<readonly RunHandle[]> {
  const handles: RunHandle[] = []
  for (let first = 0; first < count; first += batch) {
    const numbers = Array.from({ length: Math.min(batch, count - first) }, (_, index) => first + index)
    const started = numbers.map((number) => engine.start(definition, input(number), { isQueued: true }))
    // Whatever a run gives, a handle takes for JSON.
    handles.push(...((await Promise.all(started)) as RunHandle[]))
  }
  return handles
}

/** Does something with each run, not all at once. */
export async function each(handles: readonly RunHandle[], work: (handle: RunHandle) => Promise<void>): Promise<void> {
  for (let first = 0; first < handles.length; first += batch)
    await Promise.all(handles.slice(first, first + batch).map(work))
}

/** Resolves when so many runs of a definition wait. */
export async function allWaiting({ store }: Ground, definition: string, count: number): Promise<void> {
  const limit = count + 1
  while ((await store.log.runs('system', { definition, status: ['waiting'], limit })).length < count) await delay(100)
}

/** Resolves when none is left to do; throws when one failed. */
export async function allDone({ store }: Ground): Promise<void> {
  const goingOn = ['queued', 'running', 'waiting'] as const
  while ((await store.log.runs('system', { status: goingOn, limit: 1 })).length > 0) await delay(50)
  const [failed] = await store.log.runs('system', { status: ['failed', 'cancelled'], limit: 1 })
  if (failed) throw new Error(`${failed.runId} ended as ${failed.status}`)
}
