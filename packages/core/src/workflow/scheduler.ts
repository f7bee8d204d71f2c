// The run that starts the runs of a schedule: it sleeps until the next fire, starts it, and sleeps again.
//
// S1 The run of a fire has an id made of workflow, tenant and time: however often it is started, it is created once.
// S2 Schedulers are a chain: each has one successor, which ends the one before. So the last one is in force, and of several
//    processes that change, pause or resume a schedule, one gets the place, and the others see what it did.
// S3 The last one of the chain never ends by itself, also without a schedule and while it is paused: then it waits for a
//    successor. What ended is history, and nothing is lost when it is forgotten.
// S4 Only the last one starts anything. A successor begins with what it changes; where the one before stands it reads when that
//    one has come to its end, or nobody drives it: then it sees its successor before it does anything more.
// S5 A scheduler that starts runs has a version made of all that decides what is started, and when: no process starts what
//    another one means. Those that only wait have the version `rest`, which every process knows.
// S6 What is decided is recorded before anything of it is done. Whoever succeeds a scheduler that was cut off knows the fires
//    that it may have started.
// S7 What depends on clock and calendar of a process happens in steps, so that a replay finds the same times.

import { MeepoError, toErrorData } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import { guardSchema, type Schema } from '../base/schema.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'
import type { RunContext } from '../run/context.ts'
import { define, type Definition } from '../run/definition.ts'
import type { RetryPolicy } from '../run/retry.ts'
import type { Task } from '../run/task.ts'
import { dueFires } from './due-fires.ts'
import { applied, isResting } from './scheduler-changes.ts'
import { isSchedulerChange } from './scheduler-fold.ts'
import type { SchedulerHost } from './scheduler-host.ts'
import {
  afterDecision,
  afterOutcome,
  decideStep,
  fireStep,
  takeOverStep,
  type Decision,
  type SchedulerChange,
  type SchedulerSegment,
  type SchedulerState,
  type Taking,
} from './scheduler-state.ts'
import { isPassing, startFires } from './start-fires.ts'

/** The signal that tells a scheduler that it has a successor. */
export const replacedSignal = 'replaced'

/** So many rounds, then a successor goes on: logs stay short, and old ones can be forgotten. */
const maxRounds = 100
/** A store that cannot be reached comes back: nothing is gained by giving up. */
const patient: RetryPolicy = { maxAttempts: 1_000_000, initialMs: 1_000, factor: 2, maxMs: 60_000 }
const day = 86_400_000

/** For the end of the one before a successor waits 15 seconds in all. */
const firstLookMs = 60
const looks = 9

const inputSchema: Schema<SchedulerChange> = guardSchema(isSchedulerChange, 'the beginning of a scheduler', {
  type: 'object',
  required: ['kind', 'schedule', 'at'],
})

const replacedSchema: Schema<true> = guardSchema((value): value is true => value === true, 'true', { const: true })

/** The name of the schedulers of a workflow. */
export function schedulerName(workflow: string): string {
  return `${workflow}.schedule`
}

/** The definition of the schedulers of a workflow. Of each version those are driven that only a process with it starts. */
export function schedulerDefinition(
  workflow: string,
  version: string,
  host: SchedulerHost,
): Definition<SchedulerChange, null> {
  return define<SchedulerChange, null>({
    name: schedulerName(workflow),
    version,
    input: inputSchema,
    limits: { activeMs: 30 * day },
    // One that failed, or that somebody cancelled, stays for ever: it may be the last one, and its successor goes on from it.
    retention: { completedMs: 7 * day, failedMs: Infinity },
    run: (ctx, input: SchedulerChange | SchedulerSegment) => runScheduler(ctx, input, host),
  })
}

async function runScheduler(
  ctx: RunContext,
  input: SchedulerChange | SchedulerSegment,
  host: SchedulerHost,
): Promise<null> {
  let state = 'state' in input ? input.state : await takeOver(ctx, input, host)
  const replaced = ctx.signalled(replacedSignal, { schema: replacedSchema })
  const end = (): Promise<null> => replaced.then(() => null)
  const { schedule } = state
  if (schedule === null || isResting(state)) return end()
  for (let rounds = 0; rounds < maxRounds; rounds++) {
    const next = await playRound(ctx, schedule, state, host)
    if (next === 'replaced') return null
    state = next
    if (state.nextAt === undefined) return end()
    const sleep = ctx.sleep(Math.max(0, state.nextAt - ctx.now()))
    const { task } = await ctx.race([sleep, replaced])
    if (task !== sleep) return end()
  }
  return handOver(ctx, state, replaced, host)
}

/** Ends the one before, and begins where it was then. */
async function takeOver(ctx: RunContext, change: SchedulerChange, host: SchedulerHost): Promise<SchedulerState> {
  const { before } = change
  if (before === undefined) return applied(change, null)
  await patientStep(ctx, 'tell', () => host.replace(before).then(() => null))
  for (let look = 1; ; look++) {
    const taking = await readStep(ctx, takeOverStep, async (): Promise<Taking> => {
      const { isOver, state } = await host.look(before)
      return isOver || look === looks ? { kind: 'taken', state } : { kind: 'waits' }
    })
    if (taking.kind === 'taken') return applied(change, taking.state)
    await ctx.sleep(firstLookMs * 2 ** (look - 1))
  }
}

/** Decides what is due, then does it. */
async function playRound(
  ctx: RunContext,
  schedule: ScheduleData,
  before: SchedulerState,
  host: SchedulerHost,
): Promise<SchedulerState | 'replaced'> {
  const { runId } = ctx
  const decision = await readStep(ctx, decideStep, () => decide(host, runId, schedule, before.after))
  if (decision.kind === 'replaced') return 'replaced'
  const state = afterDecision(before, decision)
  const { pending, last } = state
  if (!pending) return state
  const outcome = await patientStep(ctx, fireStep, (count) =>
    startFires(host, { scheduler: runId, schedule, pending, last, isRepeated: count > 1 }),
  )
  return outcome.kind === 'replaced' ? 'replaced' : afterOutcome(state, outcome)
}

async function decide(host: SchedulerHost, scheduler: RunId, schedule: ScheduleData, after: number): Promise<Decision> {
  if (await host.isReplaced(scheduler)) return { kind: 'replaced' }
  // Whoever decides late, after a crash, decides for the time of now.
  const now = Math.max(host.now(), after)
  const times = host.times(schedule)
  const { fires, missed } = dueFires(schedule, times, after, now)
  const nextAt = times.next(now)
  return {
    kind: 'decided',
    after: now,
    fires: fires.map((at) => ({ at, runId: host.fireRunId(schedule, at) })),
    ...(missed ? { missed: { ...missed, why: 'missed' } } : {}),
    ...(nextAt === undefined ? {} : { nextAt }),
  }
}

/** Where something else has the place of the successor, it goes on itself. */
async function handOver(
  ctx: RunContext,
  state: SchedulerState,
  replaced: Task<true>,
  host: SchedulerHost,
): Promise<null> {
  const isBlocked = await patientStep(ctx, 'hand over', async () => {
    try {
      await host.succeed({ kind: 'hand over', before: ctx.runId, schedule: state.schedule, at: state.after })
      return false
    } catch (thrown) {
      if (MeepoError.is(thrown) && thrown.code === 'schedule.blocked') return true
      throw thrown
    }
  })
  if (!isBlocked) return null
  await ctx.cancel(replaced, 'it goes on in another segment')
  return ctx.continueWith<SchedulerSegment>({ state })
}

function readStep<T>(ctx: RunContext, name: string, body: () => Promise<T>): Task<T> {
  return ctx.step(name, { effect: 'read', retry: patient }, () => waiting(body))
}

function patientStep<T>(ctx: RunContext, name: string, body: (count: number) => Promise<T>): Task<T> {
  return ctx.step(name, { effect: 'idempotent', retry: patient }, ({ count }) => waiting(() => body(count)))
}

async function waiting<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!isPassing(thrown)) throw thrown
    const { code, message } = thrown
    throw MeepoError.fromData({ ...toErrorData(thrown), code, message, retryable: true })
  }
}
