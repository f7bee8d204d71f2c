import type { EventData, LogEvent } from '../log/events.ts'
import {
  fireStep,
  resumeSignal,
  type PassedFire,
  type Round,
  type SchedulerInput,
  type StartedFire,
} from './scheduler.ts'

/** Where a scheduler stands. */
export interface SchedulerState extends SchedulerInput {
  /** When it fires next; absent while it is paused, has just begun or has ended. */
  readonly nextAt?: number
  /** The last fire that got no run. */
  readonly lastPassed?: PassedFire
}

/** Folds the log of a scheduler. Undefined for one that has not begun to exist, or of another form. */
export function foldScheduler(events: readonly LogEvent[]): SchedulerState | undefined {
  let state: SchedulerState | undefined
  const steps = new Map<number, string>()
  for (const { type, data } of events) {
    if (type === 'run.created') state = inputOf(data)
    else if (type === 'step.started') steps.set(data.number, data.name)
    else if (type === 'signal.received' && data.name === resumeSignal && state) {
      const { isPaused: _over, ...rest } = state
      state = rest
    } else if (type === 'step.completed' && steps.get(data.number) === fireStep && state && 'value' in data.result) {
      // Schedulers write it.
      state = afterRound(state, data.result.value as unknown as Round)
    }
  }
  return state
}

/** An input of a scheduler is small: it is never a reference. */
function inputOf({ input }: EventData['run.created']): SchedulerState | undefined {
  return 'value' in input ? (input.value as unknown as SchedulerInput) : undefined
}

function afterRound({ nextAt: _before, ...state }: SchedulerState, round: Round): SchedulerState {
  if (round.kind === 'replaced') return state
  const { after, nextAt } = round
  const last: StartedFire | undefined = round.started.at(-1)
  const lastPassed = round.passed.at(-1)
  return {
    ...state,
    after,
    ...(nextAt === undefined ? {} : { nextAt }),
    ...(last ? { last } : {}),
    ...(lastPassed ? { lastPassed } : {}),
  }
}
