import { MeepoError, toErrorData, type ErrorData } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'
import { isOutdated, isTooLate } from './due-fires.ts'
import type { SchedulerHost } from './scheduler-host.ts'
import type { Outcome, PassedFire, PendingFire, StartedFire } from './scheduler-state.ts'

/** What is to be started, and in front of which past. */
export interface Firing {
  readonly scheduler: RunId
  readonly schedule: ScheduleData
  /** The oldest first. */
  readonly pending: readonly PendingFire[]
  readonly last: StartedFire | undefined
  /** An earlier try may have started some of it. */
  readonly isRepeated: boolean
}

/** Texts of errors go from scheduler to scheduler. */
const maxMessage = 1_000

/** Starts the fires in their order; repeated after a crash it knows those that were started. */
export async function startFires(host: SchedulerHost, firing: Firing): Promise<Outcome> {
  const started: StartedFire[] = []
  const passed: PassedFire[] = []
  for (const fire of firing.pending) {
    // A pause in the middle of many holds for the others.
    if (await host.isReplaced(firing.scheduler)) return { kind: 'replaced', started, passed }
    const { at, runId } = fire
    const failure = await startFire(host, firing, fire, started.at(-1) ?? firing.last)
    if (failure) passed.push(failure)
    else started.push({ at, runId })
  }
  return { kind: 'done', started, passed }
}

/** Undefined: it has a run. */
async function startFire(
  host: SchedulerHost,
  { schedule, isRepeated }: Firing,
  fire: PendingFire,
  last: StartedFire | undefined,
): Promise<PassedFire | undefined> {
  const { at, doubt } = fire
  if (await host.hasRun(fire)) return undefined
  if ((isRepeated || doubt !== undefined) && host.now() - at >= host.keptMs) return { at, why: 'unknown' }
  if (doubt === 'look') return { at, why: 'missed' }
  if (isTooLate(schedule, at, host.now())) return { at, why: 'late' }
  if (isOutdated(schedule, host.times(schedule), at, host.now())) return { at, why: 'missed' }
  if (schedule.overlap === 'skip' && last && (await host.isGoingOn(last.runId))) return { at, why: 'overlap' }
  try {
    await host.start(fire, schedule)
    return undefined
  } catch (thrown) {
    if (isPassing(thrown)) throw thrown
    return { at, why: 'failed', error: shortError(thrown) }
  }
}

function shortError(thrown: unknown): ErrorData {
  const { code, message, retryable } = toErrorData(thrown)
  return { code, message: message.slice(0, maxMessage), retryable }
}

/** Trouble with the store, or an engine that stops: it is tried again, here or elsewhere. */
export function isPassing(thrown: unknown): thrown is MeepoError {
  return MeepoError.is(thrown) && (thrown.code === 'engine.stopped' || thrown.code.startsWith('store.'))
}
