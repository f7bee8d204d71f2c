import {
  isSameSchedule,
  MeepoError,
  scheduleData,
  type RunSummary,
  type ScheduleData,
  type SchedulerChange,
  type SchedulerState,
  type Store,
} from '@meepo/core'
import { alive, type WorkflowSchedulers } from './scheduler-host.ts'

/** The last scheduler of a workflow. */
export interface Tail {
  readonly run: RunSummary
  /** False for one that failed, or that somebody cancelled by hand: then nobody keeps the schedule. */
  readonly isAlive: boolean
  readonly state: SchedulerState
}

/** How often a place may be lost to others before something is wrong. */
const maxTries = 100

/** Reads where the chain of schedulers stands. Undefined when there never was one. */
export async function readTail({ inbox }: Store, { links }: WorkflowSchedulers): Promise<Tail | undefined> {
  const last = await links.last()
  if (!last) return undefined
  const { run, link } = last
  const state = await links.stateOf(link)
  const mail = await inbox.pending('system', run.runId)
  // One that is about to be cancelled keeps no schedule any more.
  return { run, state, isAlive: alive.includes(run.status) && !mail.some(({ kind }) => kind === 'cancel') }
}

/**
 * Sees to it that the schedule is kept as the workflow says, by processes that start the same as this one: also that there
 * is none. One that is paused is kept by nobody.
 */
export async function beginSchedule(store: Store, schedulers: WorkflowSchedulers): Promise<void> {
  const schedule = scheduleOf(schedulers)
  const { version } = schedulers.definition
  await settle(
    store,
    schedulers,
    (tail) =>
      tail
        ? tail.isAlive &&
          isSameSchedule(tail.state.schedule, schedule) &&
          (tail.state.isPaused === true || tail.run.version === version)
        : schedule === null,
    (tail) => ({ kind: 'schedule', schedule, ...(tail?.state.isPaused ? { isPaused: true } : {}) }),
  )
}

/** Sees to it that nothing is started by the schedule. */
export async function pauseSchedule(store: Store, schedulers: WorkflowSchedulers): Promise<void> {
  await settle(
    store,
    schedulers,
    (tail) => tail?.isAlive === true && tail.state.isPaused === true,
    (tail) => ({ kind: 'pause', schedule: tail ? tail.state.schedule : scheduleOf(schedulers), isPaused: true }),
  )
}

/**
 * Undoes a pause, with the schedule of this process; also begins again what failed or was cancelled. Does nothing for a
 * schedule that is kept, and for one that nobody began.
 */
export async function resumeSchedule(store: Store, schedulers: WorkflowSchedulers): Promise<void> {
  const schedule = scheduleOf(schedulers)
  await settle(
    store,
    schedulers,
    (tail) => !tail || (tail.isAlive && tail.state.isPaused !== true),
    (tail) => ({ kind: tail?.state.isPaused ? 'resume' : 'schedule', schedule }),
  )
}

/**
 * Puts a scheduler at the end of the chain until the last one is as it should be. What it is made of does not change while
 * this is done: the schedule of the one before, and whether it is paused.
 */
async function settle(
  store: Store,
  schedulers: WorkflowSchedulers,
  isRight: (tail: Tail | undefined) => boolean,
  makeNext: (tail: Tail | undefined) => Omit<SchedulerChange, 'before' | 'at'>,
): Promise<void> {
  for (let tries = 0; tries < maxTries; tries++) {
    const tail = await readTail(store, schedulers)
    if (isRight(tail)) return
    const before = tail ? { before: tail.run.runId } : {}
    await schedulers.succeed({ ...makeNext(tail), ...before, at: schedulers.now() })
  }
  throw new MeepoError('store.failed', `the schedule of ${schedulers.workflow.name} is changed by others all the time`)
}

function scheduleOf({ workflow: { schedule } }: WorkflowSchedulers): ScheduleData | null {
  return schedule ? scheduleData(schedule) : null
}
