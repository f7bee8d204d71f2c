import type { Limiter, MeepoError, Permit, Scheduler } from '@meepo/core'

import { cancelledError } from '../errors/model-error.ts'
import { limitScopes } from '../pipeline/call-scopes.ts'
import { Tab } from '../serve/tab.ts'
import type { EmbedSlice } from './embed-slice.ts'

/** What the gate in front of a request needs. */
export interface EmbedGate {
  readonly limiter?: Limiter | undefined
  readonly scheduler: Pick<Scheduler, 'after'>
}

/** Shorter waits are not worth telling. */
const waitWorthTelling = 10

/**
 * Waits for the limits of one request. It counts once, for its tenant, its key and its model; for a user, a session and an
 * agent only when all of it is theirs. Rejects as the limiter does.
 */
export async function admit(
  { limiter, scheduler }: EmbedGate,
  slices: readonly [EmbedSlice, ...EmbedSlice[]],
  id: string,
): Promise<Permit | undefined> {
  if (!limiter) return undefined
  const [{ tab, place, tenant, signal }] = slices
  const isOwn = slices.length === 1
  const { target } = place
  const scopes = limitScopes(isOwn ? tab : new Tab(undefined, tenant), target)
  const inputTokens = slices.reduce((sum, { tokens }) => sum + tokens, 0)
  const tell = (what?: string): void => {
    for (const slice of slices) slice.tab.waiting(what)
  }
  let isTold = false
  const stop = scheduler.after(waitWorthTelling, () => {
    isTold = true
    tell(`limits of ${target.id}`)
  })
  try {
    // One caller who leaves does not take the others out of the queue.
    const leaving = isOwn ? { signal } : {}
    return await limiter.acquire({ id, tenant, scopes, estimate: { inputTokens, outputTokens: 0 }, ...leaving })
  } catch (error) {
    throw isOwn && signal.aborted ? cancelledError(signal) : error
  } finally {
    stop()
    if (isTold) tell()
  }
}

/** Ends a permit by what became of the request. */
export function endPermit(permit: Permit | undefined, inputTokens: number | undefined, error?: MeepoError): void {
  if (error?.notSent) permit?.release()
  else permit?.settle(inputTokens === undefined ? {} : { inputTokens })
}
