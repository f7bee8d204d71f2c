import type { EntryOwner } from './entry.ts'
import type { RunHost } from './host.ts'
import type { OpenEntries } from './open-entries.ts'
import type { Replay } from './replay.ts'
import { isOnce } from './retry.ts'

/** After the replay: recorded tasks without an outcome go on, or end for a reason. */
export function recoverTasks(replay: Replay, open: OpenEntries, reason: string | undefined): void {
  for (const [entry, recorded] of replay.recordedOf(open)) {
    // The log holds an outcome that the code, which has returned, will not see.
    if (recorded.isClosed) open.remove(entry)
    else {
      if (reason !== undefined) entry.cancelReason ??= reason
      entry.recover(recorded)
    }
  }
}

/** Tasks of the log that no code will come to, and whose children have ended, are cancelled in it. */
export function closeMissing(replay: Replay, open: OpenEntries, owner: EntryOwner, reason: string): void {
  for (const { number } of replay.missing(open)) {
    owner.append({ type: 'task.cancelled', at: owner.scheduler.now(), data: { number, reason } })
  }
}

/** A replay that failed: tasks of the log that the code did not come to end as well. */
export function abandonMissing(
  replay: Replay,
  open: OpenEntries,
  host: RunHost,
  reason: string,
  markUnknown: (number: number) => void,
): void {
  for (const { start, number } of replay.missing(open)) {
    if (start.type === 'child.started') host.cancelChild(start.data, reason)
    else if (start.type === 'step.started' && isOnce(start.data.effect)) markUnknown(number)
  }
}
