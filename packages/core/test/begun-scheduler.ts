// Schedulers that run, in a world that is played.

import type { ScheduleData } from '../src/graph/data/graph-data.ts'
import type { LogEvent } from '../src/log/events.ts'
import { foldScheduler } from '../src/workflow/scheduler-fold.ts'
import type { PendingFire, SchedulerChange, SchedulerState } from '../src/workflow/scheduler-state.ts'
import { schedulerDefinition } from '../src/workflow/scheduler.ts'
import { ScheduleWorld } from './schedule-world.ts'
import { SmallEngine } from './small-engine.ts'

/** Every second, where the calendar is not another one. */
export const schedule: ScheduleData = { cron: '* * * * * *' }

/** What a scheduler begins with that comes after one called `old`. */
export function wholeChange(made: Partial<SchedulerChange> = {}): SchedulerChange {
  return { kind: 'schedule', before: 'old', schedule, at: 0, ...made }
}

/** A scheduler that makes a change, on a clock that stands still, or one that goes on from what was written. */
export function change(world: ScheduleWorld, made: SchedulerChange, writes?: SmallEngine['writes']): SmallEngine {
  const engine = SmallEngine.start(schedulerDefinition('work', '1', world), made, writes)
  world.clock = () => engine.machine.scheduler.now()
  return engine
}

/** One that goes on where another one was. */
export function begin(
  world: ScheduleWorld,
  past: Partial<SchedulerState>,
  writes?: SmallEngine['writes'],
): SmallEngine {
  const state = { schedule, after: 0, ...past }
  world.past = () => ({ isOver: true, state })
  return change(world, wholeChange({ kind: 'hand over', schedule: state.schedule }), writes)
}

/** A pending fire. */
export function fireOf(at: number, more: Partial<PendingFire> = {}): PendingFire {
  return { at, runId: new ScheduleWorld().fireRunId(schedule, at), ...more }
}

/** Where it stands. */
export function stateOf(engine: SmallEngine): SchedulerState | undefined {
  return foldScheduler(engine.log().map((event, index) => ({ ...event, seq: index + 1 }) as LogEvent))?.state
}
