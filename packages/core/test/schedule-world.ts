// What schedulers see of a process, played: a calendar that fires in equal steps, and runs that are names with a status.

import type { RunId } from '../src/base/ids.ts'
import { MeepoError } from '../src/base/errors.ts'
import type { RunStatus } from '../src/store/store.ts'
import { testHash } from '../src/testing/test-machine.ts'
import type { FireTimes } from '../src/workflow/schedule.ts'
import { fireRunId, nextSchedulerId } from '../src/workflow/run-ids.ts'
import type { SchedulerHost, SchedulerPast } from '../src/workflow/scheduler-host.ts'
import type { SchedulerChange, StartedFire } from '../src/workflow/scheduler-state.ts'

/** Fires at every multiple of `step`, up to and including `end`. */
export function every(step: number, end = Infinity): FireTimes {
  return {
    next: (after) => {
      const at = (Math.floor(after / step) + 1) * step
      return at > end ? undefined : at
    },
    upTo: (at, count) => {
      const last = Math.floor(Math.min(at, end) / step) * step
      return Array.from({ length: count }, (_, index) => last - index * step)
    },
  }
}

/** Runs that only have a status, and the calendar of all schedules. */
export class ScheduleWorld implements SchedulerHost {
  readonly runs = new Map<RunId, RunStatus>()
  readonly started: number[] = []
  readonly successors: SchedulerChange[] = []
  readonly replaced: RunId[] = []
  /** What is seen of the scheduler before. */
  past: () => SchedulerPast = () => ({ isOver: true, state: null })
  keptMs = Infinity
  calendar: FireTimes = every(1_000)
  /** Something else has the ids of all schedulers. */
  isBlocked = false
  clock: () => number = () => 0
  /** Called instead of every start that it throws for. */
  refuse: (at: number) => void = () => undefined

  times(): FireTimes {
    return this.calendar
  }

  now(): number {
    return this.clock()
  }

  fireRunId(_schedule: unknown, at: number): RunId {
    return fireRunId(testHash, 'work', 'default', at)
  }

  nextId(scheduler?: RunId): RunId {
    return nextSchedulerId(testHash, 'work', scheduler)
  }

  async hasRun({ runId }: StartedFire): Promise<boolean> {
    return this.runs.has(runId)
  }

  async isGoingOn(runId: RunId): Promise<boolean> {
    return ['queued', 'running', 'waiting'].includes(this.runs.get(runId) ?? '')
  }

  async start({ at, runId }: StartedFire): Promise<void> {
    this.refuse(at)
    if (this.runs.has(runId)) return
    this.runs.set(runId, 'completed')
    this.started.push(at)
  }

  async isReplaced(scheduler: RunId): Promise<boolean> {
    return this.runs.has(this.nextId(scheduler))
  }

  async replace(scheduler: RunId): Promise<void> {
    this.replaced.push(scheduler)
  }

  async look(): Promise<SchedulerPast> {
    return this.past()
  }

  async succeed(change: SchedulerChange): Promise<void> {
    if (this.isBlocked) throw new MeepoError('schedule.blocked', 'something else has the id')
    this.successors.push(change)
    this.runs.set(this.nextId(change.before), 'queued')
  }
}
