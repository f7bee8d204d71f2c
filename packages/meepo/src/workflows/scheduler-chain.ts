import {
  changedTo,
  foldScheduler,
  isSameSchedule,
  MeepoError,
  paused,
  resumed,
  scheduleData,
  type RunSummary,
  type ScheduleData,
  type SchedulerInput,
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
export async function readTail({ log, inbox }: Store, schedulers: WorkflowSchedulers): Promise<Tail | undefined> {
  let [run] = await log.runs('system', { definition: schedulers.definition.name, limit: 1 })
  for (let next = run; next; next = await schedulers.next(next.runId)) run = next
  if (!run) return undefined
  const { runId, status } = run
  const state = foldScheduler(await log.read('system', runId))
  if (!state) throw new MeepoError('store.failed', `run ${runId} is no scheduler of this version`)
  const mail = await inbox.pending('system', runId)
  // One that is about to be cancelled keeps no schedule any more.
  return { run, state, isAlive: alive.includes(status) && !mail.some(({ kind }) => kind === 'cancel') }
}

/** Sees to it that the schedule is kept as the workflow says: also that there is none. */
export async function beginSchedule(store: Store, schedulers: WorkflowSchedulers): Promise<void> {
  const schedule = scheduleOf(schedulers)
  await settle(
    store,
    schedulers,
    (tail) => (tail ? tail.isAlive && isSameSchedule(tail.state.schedule, schedule) : schedule === null),
    (state, now) => changedTo(schedule, state, now),
  )
}

/** Sees to it that nothing is started by the schedule. */
export async function pauseSchedule(store: Store, schedulers: WorkflowSchedulers): Promise<void> {
  await settle(store, schedulers, (tail) => tail?.isAlive === true && tail.state.isPaused === true, paused)
}

/** Undoes a pause; does nothing without one. */
export async function resumeSchedule(store: Store, schedulers: WorkflowSchedulers): Promise<void> {
  await settle(store, schedulers, (tail) => tail?.state.isPaused !== true, resumed)
}

/** Puts a scheduler at the end of the chain until the last one is as it should be. It ends the one before by itself. */
async function settle(
  store: Store,
  schedulers: WorkflowSchedulers,
  isRight: (tail: Tail | undefined) => boolean,
  makeNext: (state: SchedulerState, now: number) => SchedulerInput,
): Promise<void> {
  for (let tries = 0; tries < maxTries; tries++) {
    const tail = await readTail(store, schedulers)
    if (isRight(tail)) return
    const now = schedulers.now()
    const state = tail?.state ?? { schedule: scheduleOf(schedulers), after: now }
    await schedulers.succeed(tail?.run.runId, makeNext(state, now))
  }
  throw new MeepoError('store.failed', `the schedule of ${schedulers.workflow.name} is changed by others all the time`)
}

function scheduleOf({ workflow: { schedule } }: WorkflowSchedulers): ScheduleData | null {
  return schedule ? scheduleData(schedule) : null
}
