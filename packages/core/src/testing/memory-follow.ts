import { MeepoError } from '../base/errors.ts'
import type { RunId, Scope } from '../base/ids.ts'
import { isTerminal, type LogEvent } from '../log/events.ts'
import type { TailEvent } from '../store/store.ts'
import { followFeed } from './follower.ts'
import { findRun, hasEnded, isInScope, readEvent, refuseClosed, type MemoryState } from './memory-state.ts'

/** Follows one run. */
export function memoryFollow(
  state: MemoryState,
  scope: Scope,
  runId: RunId,
  options: { readonly afterSeq?: number; readonly signal?: AbortSignal },
): AsyncIterable<LogEvent> {
  return followFeed((wake) => {
    const run = findRun(state, scope, runId)
    let next = Math.max(0, options.afterSeq ?? 0)
    let sawEnd = false
    run.followers ??= new Set()
    run.followers.add(wake)
    return {
      take: () => {
        refuseClosed(state)
        const stored = run.events[next]
        if (state.runs.get(runId) !== run && !sawEnd) throw new MeepoError('run.not_found', `run ${runId} was removed`)
        if (stored === undefined) return undefined
        next++
        sawEnd = isTerminal(stored)
        return readEvent(stored)
      },
      // An end that was reopened lies in the middle of the log and ends nothing.
      isOver: () => hasEnded(run),
      close: () => run.followers?.delete(wake),
    }
  }, options.signal)
}

/** Follows all runs of a scope. */
export function memoryFollowAll(
  state: MemoryState,
  scope: Scope,
  options: { readonly after?: number; readonly signal?: AbortSignal },
): AsyncIterable<TailEvent> {
  return followFeed((wake) => {
    refuseClosed(state)
    let cursor = options.after ?? 0
    let tail = state.tail
    let next = positionBehind(state, cursor)
    state.tailFollowers.add(wake)
    return {
      take: () => {
        refuseClosed(state)
        if (tail !== state.tail) {
          tail = state.tail
          next = positionBehind(state, cursor)
        }
        for (let stored = tail[next]; stored !== undefined; stored = tail[next]) {
          next++
          cursor = stored.cursor
          if (isInScope(stored.run, scope)) return { cursor, runId: stored.run.made.runId, event: readEvent(stored) }
        }
        return undefined
      },
      isOver: () => false,
      close: () => state.tailFollowers.delete(wake),
    }
  }, options.signal)
}

/** The position in the tail of the first event behind the cursor. */
function positionBehind({ tail }: MemoryState, cursor: number): number {
  let low = 0
  let high = tail.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tail[middle]?.cursor ?? 0) <= cursor) low = middle + 1
    else high = middle
  }
  return low
}
