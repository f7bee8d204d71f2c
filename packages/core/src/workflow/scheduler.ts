// The run that starts the runs of a schedule: it sleeps until the next fire, starts it, and sleeps again.
//
// S1 The run of a fire has an id made of workflow, tenant and time: however often it is started, it is created once.
// S2 Each scheduler has one successor. It ends as soon as there is one, so the last one of the chain is in force: of
//    several processes that change, pause or go on with a schedule, one gets the place, and the others see what it did.
// S3 What depends on clock and calendar of a process happens in steps, so that a replay finds the same times.

import { MeepoError, toErrorData, type ErrorData } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import { guardSchema, type Schema } from '../base/schema.ts'
import type { RunContext } from '../run/context.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'
import { define, type Definition } from '../run/definition.ts'
import type { RetryPolicy } from '../run/retry.ts'
import type { RunStatus } from '../store/store.ts'
import { dueFires, isTooLate } from './due-fires.ts'
import type { FireTimes } from './schedule.ts'

/** What a scheduler begins with. */
export interface SchedulerInput {
  /** Null: the workflow has no schedule any more. */
  readonly schedule: ScheduleData | null
  /** Fires up to this time are done with. Absent: from the start of this run on. */
  readonly after?: number
  /** The run of the last fire. */
  readonly last?: StartedFire
  /** It waits for somebody to go on. */
  readonly isPaused?: true
}

/** A fire and its run. */
export interface StartedFire {
  readonly at: number
  readonly runId: RunId
}

/** A fire without a run, and why. */
export interface PassedFire {
  readonly at: number
  /** `unknown`: a process died while it started the fire, and so long ago that its run may be forgotten by now. */
  readonly why: 'late' | 'overlap' | 'failed' | 'unknown'
  /** Why its run could not be started. */
  readonly error?: ErrorData
}

/** The result of one step of a scheduler. */
export type Round =
  | { readonly kind: 'replaced' }
  | {
      readonly kind: 'fired'
      readonly after: number
      readonly started: readonly StartedFire[]
      readonly passed: readonly PassedFire[]
      /** Missed fires were passed over by the policy. */
      readonly hasMissed: boolean
      /** Absent: the schedule has come to its end. */
      readonly nextAt?: number
    }

/** What schedulers need of the process around them. */
export interface SchedulerHost {
  /** Throws `schedule.invalid` for a cron or time zone that there is not. */
  times(schedule: ScheduleData): FireTimes
  now(): number
  /** How long ended runs of the workflow stay at least. */
  readonly keptMs: number
  fireRunId(schedule: ScheduleData, at: number): RunId
  nextSchedulerId(scheduler: RunId): RunId
  /** Undefined when there is no such run. */
  status(runId: RunId): Promise<RunStatus | undefined>
  /** Starts the run of a fire; does nothing when it was started before. */
  start(fire: StartedFire, schedule: ScheduleData): Promise<void>
  /** Starts the successor of a scheduler; does nothing when it has another one. */
  succeed(scheduler: RunId, input: SchedulerInput): Promise<void>
}

/** The name of the step that starts what is due. */
export const fireStep = 'fire'
/** The signal that ends a pause; its value is `{ at }`: fires up to that time are done with. */
export const resumeSignal = 'resume'

/** So many rounds, then a successor goes on: logs stay short, and old ones can be forgotten. */
const maxRounds = 100
/** A store that cannot be reached comes back: nothing is gained by giving up. */
const patient: RetryPolicy = { maxAttempts: 1_000_000, initialMs: 1_000, factor: 2, maxMs: 60_000 }
const day = 86_400_000

const inputSchema: Schema<SchedulerInput> = guardSchema(
  (value): value is SchedulerInput => typeof value === 'object' && value !== null && 'schedule' in value,
  'the beginning of a scheduler',
  { type: 'object', required: ['schedule'] },
)

const resumeSchema: Schema<{ readonly at: number }> = guardSchema(
  (value): value is { readonly at: number } =>
    typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'number',
  '{ at: milliseconds since 1970 }',
  { type: 'object', properties: { at: { type: 'number' } }, required: ['at'] },
)

/** The name of the schedulers of a workflow. */
export function schedulerName(workflow: string): string {
  return `${workflow}.schedule`
}

/** The definition of the schedulers of a workflow. */
export function schedulerDefinition(workflow: string, host: SchedulerHost): Definition<SchedulerInput, null> {
  return define({
    name: schedulerName(workflow),
    version: '1',
    input: inputSchema,
    limits: { activeMs: 30 * day },
    retention: { completedMs: day, failedMs: 7 * day },
    run: (ctx, input) => runScheduler(ctx, input, host),
  })
}

async function runScheduler(ctx: RunContext, input: SchedulerInput, host: SchedulerHost): Promise<null> {
  const { schedule } = input
  if (schedule === null) return null
  let { after = ctx.now(), last } = input
  if (input.isPaused) after = (await ctx.signalled(resumeSignal, { schema: resumeSchema })).at
  for (let rounds = 0; rounds < maxRounds; rounds++) {
    const moment: Omit<Moment, 'isRepeated'> = { scheduler: ctx.runId, schedule, after, last, now: ctx.now() }
    const round = await ctx.step(fireStep, { effect: 'idempotent', retry: patient }, ({ count }) =>
      fireDue(host, { ...moment, isRepeated: count > 1 }),
    )
    if (round.kind === 'replaced' || round.nextAt === undefined) return null
    after = round.after
    last = round.started.at(-1) ?? last
    await ctx.sleep(Math.max(0, round.nextAt - ctx.now()))
  }
  const next: SchedulerInput = { schedule, after, ...(last ? { last } : {}) }
  await ctx.step('hand over', { effect: 'idempotent', retry: patient }, () =>
    waiting(() => host.succeed(ctx.runId, next)),
  )
  return null
}

interface Moment {
  readonly scheduler: RunId
  readonly schedule: ScheduleData
  readonly after: number
  readonly last: StartedFire | undefined
  readonly now: number
  /** An earlier try may have started some of it. */
  readonly isRepeated: boolean
}

/** Starts what is due. Repeated after a crash it takes the same fires, and knows those that were started. */
function fireDue(host: SchedulerHost, moment: Moment): Promise<Round> {
  const { scheduler, schedule, after, now } = moment
  return waiting(async () => {
    if ((await host.status(host.nextSchedulerId(scheduler))) !== undefined) return { kind: 'replaced' }
    const times = host.times(schedule)
    const { fires, hasPassed } = dueFires(schedule, times, after, now)
    const started: StartedFire[] = []
    const passed: PassedFire[] = []
    for (const at of fires) {
      const fire = { at, runId: host.fireRunId(schedule, at) }
      const failure = await startFire(host, moment, fire, started.at(-1) ?? moment.last)
      if (failure) passed.push(failure)
      else started.push(fire)
    }
    const nextAt = times.next(now)
    const next = nextAt === undefined ? {} : { nextAt }
    return { kind: 'fired', after: now, started, passed, hasMissed: hasPassed, ...next }
  })
}

/** Undefined: it has a run. */
async function startFire(
  host: SchedulerHost,
  { schedule, isRepeated }: Moment,
  fire: StartedFire,
  last: StartedFire | undefined,
): Promise<PassedFire | undefined> {
  const { at, runId } = fire
  if ((await host.status(runId)) !== undefined) return undefined
  if (isRepeated && host.now() - at >= host.keptMs) return { at, why: 'unknown' }
  if (isTooLate(schedule, at, host.now())) return { at, why: 'late' }
  if (schedule.overlap === 'skip' && last && isGoingOn(await host.status(last.runId))) return { at, why: 'overlap' }
  try {
    await host.start(fire, schedule)
    return undefined
  } catch (thrown) {
    if (isPassing(thrown)) throw thrown
    return { at, why: 'failed', error: toErrorData(thrown) }
  }
}

function isGoingOn(status: RunStatus | undefined): boolean {
  return status === 'queued' || status === 'running' || status === 'waiting'
}

/** Trouble with the store, or an engine that stops, passes: the step is tried again, here or elsewhere. */
async function waiting<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!isPassing(thrown)) throw thrown
    const { code, message } = thrown
    throw MeepoError.fromData({ ...toErrorData(thrown), code, message, retryable: true })
  }
}

function isPassing(thrown: unknown): thrown is MeepoError {
  return MeepoError.is(thrown) && (thrown.code === 'engine.stopped' || thrown.code.startsWith('store.'))
}
