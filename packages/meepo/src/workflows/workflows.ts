import {
  definitionKey,
  foldScheduler,
  isWorkflow,
  MeepoError,
  resumeSignal,
  scheduleData,
  workflowStart,
  type AnyDefinition,
  type Engine,
  type Retention,
  type Machine,
  type PassedFire,
  type RunHandle,
  type RunId,
  type RunSummary,
  type ScheduleData,
  type SchedulerInput,
  type SchedulerState,
  type StartedFire,
  type StartOptions,
  type Store,
  type Workflow,
} from '@meepo/core'
import { createNodeMachine, type EngineNotice } from '@meepo/engine-embedded'
import { WorkflowSchedulers, type Ground } from './scheduler-host.ts'

/** What is known of a workflow. */
export interface WorkflowView {
  readonly name: string
  readonly version: string
  readonly schedule?: ScheduleData
  readonly isPaused: boolean
  /** Milliseconds since 1970. Absent without a schedule, while it is paused, and before any process took it up. */
  readonly nextAt?: number
  /** The last fire that got a run, and its run. */
  readonly last?: StartedFire
  /** The last fire that got none, and why. */
  readonly lastPassed?: PassedFire
  /** Runs that have not ended. */
  readonly running: number
}

/** The workflows of a process. Everything here is durable when it resolves, and holds for all processes on the store. */
export interface Workflows {
  /** How they stand. */
  list(): Promise<readonly WorkflowView[]>
  /** No more fires, until somebody resumes it. What runs goes on. Pausing twice does nothing. `schedule.missing`. */
  pause(name: string): Promise<void>
  /** Fires again. What it missed while it was paused it does not make up for. */
  resume(name: string): Promise<void>
  /** Starts a run at once; with the input of the schedule unless said. */
  runNow(name: string, input?: unknown, options?: StartOptions): Promise<RunHandle>
}

/** The same, with the part that a process does at its start. */
export interface OpenWorkflows extends Workflows {
  /** Makes them known to the engine and begins, changes and ends schedules as the definitions say. */
  begin(): Promise<void>
  /** How a run of a definition is started: with priority and deadline, if it is one of these. */
  startOptions(definition: AnyDefinition | string, options?: StartOptions): StartOptions
}

type Link = { readonly run: RunSummary; readonly isAlive: boolean; readonly state: SchedulerState | undefined }

/** How often a place may be lost to others before something is wrong. */
const maxTries = 100
const alive: readonly RunSummary['status'][] = ['queued', 'running', 'waiting']

/** How {@link openWorkflows} sees its process. */
export interface OpenWorkflowsOptions {
  readonly machine?: Machine
  /** Hears of fires whose run could not be started. Must not throw. */
  readonly onNotice?: (notice: EngineNotice) => void
  /** As the engine has it: how long runs of definitions are kept that do not say it. */
  readonly retention?: Retention
}

/**
 * Opens workflows on a fleet that somebody else made, to look at them or to change how they stand. Keeps no schedule before
 * `begin`. Throws `definition.invalid`, `definition.duplicate` and `schedule.invalid`.
 */
export function openWorkflows(
  { engine, store }: { readonly engine: Engine; readonly store: Store },
  workflows: readonly AnyDefinition[],
  { machine = createNodeMachine(), onNotice = ignore, retention = {} }: OpenWorkflowsOptions = {},
): OpenWorkflows {
  const ground: Ground = { engine, store, machine, onNotice, retention }
  const byName = new Map<string, WorkflowSchedulers>()
  for (const workflow of workflows) {
    if (!isWorkflow(workflow))
      throw new MeepoError('definition.invalid', `workflows: ${workflow.name} is not made by defineWorkflow`)
    if (byName.has(workflow.name))
      throw new MeepoError('definition.duplicate', `two workflows are called ${workflow.name}`)
    const schedulers = new WorkflowSchedulers(ground, workflow)
    if (workflow.schedule) schedulers.times(workflow.schedule)
    byName.set(workflow.name, schedulers)
  }

  const find = (name: string): WorkflowSchedulers => {
    const found = byName.get(name)
    if (found) return found
    const known = [...byName.keys()].join(', ') || 'none'
    throw new MeepoError('definition.unknown', `no workflow ${name}; known are ${known}`, { details: { name } })
  }
  const byKey = (key: string): Workflow | undefined =>
    [...byName.values()].find(({ workflow }) => key === workflow.name || key === definitionKey(workflow))?.workflow
  const scheduled = (name: string): WorkflowSchedulers => {
    const found = find(name)
    if (found.workflow.schedule) return found
    throw new MeepoError('schedule.missing', `workflow ${name} has no schedule`, { details: { name } })
  }

  /** The last scheduler of the chain, whether it is at work or has ended. */
  const tailOf = async (schedulers: WorkflowSchedulers): Promise<Link | undefined> => {
    const { log, inbox } = store
    let [run] = await log.runs('system', { definition: schedulers.definition.name, limit: 1 })
    for (let next = run; next; next = await schedulers.find(schedulers.nextSchedulerId(next.runId))) run = next
    if (!run) return undefined
    const mail = await inbox.pending('system', run.runId)
    const state = foldScheduler(await log.read('system', run.runId))
    const isResumed = mail.some(({ kind, name }) => kind === 'signal' && name === resumeSignal)
    return {
      run,
      // One that is about to be cancelled keeps no schedule any more.
      isAlive: alive.includes(run.status) && !mail.some(({ kind }) => kind === 'cancel'),
      state: state && isResumed ? withoutPause(state) : state,
    }
  }

  /** Puts a scheduler at the end of the chain until the last one is as it should be. */
  const settle = async (
    schedulers: WorkflowSchedulers,
    isRight: (tail: Link | undefined) => boolean,
    makeNext: (tail: Link | undefined) => SchedulerInput,
  ): Promise<void> => {
    for (let tries = 0; tries < maxTries; tries++) {
      const tail = await tailOf(schedulers)
      if (isRight(tail)) return
      await schedulers.succeed(tail?.run.runId, makeNext(tail))
      // It would see its successor by itself, at its next fire.
      if (tail?.isAlive === true) await end(engine, tail.run)
    }
    throw new MeepoError(
      'store.failed',
      `the schedule of ${schedulers.workflow.name} is changed by others all the time`,
    )
  }

  const begin = async (schedulers: WorkflowSchedulers): Promise<void> => {
    const { schedule } = schedulers.workflow
    const data = schedule ? scheduleData(schedule) : null
    const key = schedulers.keyOf(data)
    await settle(
      schedulers,
      (tail) => {
        const isOurs = tail?.run.sessionId === key
        return data ? isOurs && tail.isAlive : isOurs || tail?.isAlive !== true
      },
      (tail) => {
        // A scheduler that failed is gone on with where it was. A pause outlives a change.
        const { after, last, isPaused } = tail?.state ?? {}
        const isSame = tail?.run.sessionId === key
        return {
          schedule: data,
          ...(isSame && after !== undefined ? { after } : {}),
          ...(last ? { last } : {}),
          ...(isPaused ? { isPaused } : {}),
        }
      },
    )
  }

  const view = async (schedulers: WorkflowSchedulers): Promise<WorkflowView> => {
    const { name, version, schedule } = schedulers.workflow
    const tail = await tailOf(schedulers)
    const { nextAt, last, lastPassed, isPaused } = tail?.state ?? {}
    const running = await store.log.runs('system', { definition: name, status: alive })
    return {
      name,
      version,
      ...(schedule ? { schedule: scheduleData(schedule) } : {}),
      isPaused: isPaused === true,
      ...(nextAt !== undefined && tail?.isAlive === true && isPaused !== true ? { nextAt } : {}),
      ...(last ? { last } : {}),
      ...(lastPassed ? { lastPassed } : {}),
      running: running.length,
    }
  }

  return {
    begin: async () => {
      for (const schedulers of byName.values()) engine.register(schedulers.workflow, schedulers.definition)
      await Promise.all([...byName.values()].map(begin))
    },
    list: () => Promise.all([...byName.values()].map(view)),
    pause: async (name) => {
      const schedulers = scheduled(name)
      const schedule = scheduleData(schedulers.workflow.schedule as ScheduleData)
      await settle(
        schedulers,
        (tail) => tail?.isAlive === true && tail.state?.isPaused === true,
        (tail) => ({
          schedule: tail?.state?.schedule ?? schedule,
          ...(tail?.state?.last ? { last: tail.state.last } : {}),
          isPaused: true,
        }),
      )
    },
    resume: async (name) => {
      const schedulers = scheduled(name)
      const tail = await tailOf(schedulers)
      if (tail?.isAlive !== true || tail.state?.isPaused !== true) return
      await signalOnce(engine, tail.run.runId, machine.scheduler.now())
    },
    runNow: async (name, input, options = {}) => {
      const schedulers = find(name)
      const { workflow } = schedulers
      const now = schedulers.now()
      const given = input === undefined ? schedulers.inputAt(now) : input
      // Whatever the workflow gives, a handle takes for JSON.
      return engine.start(workflow, given, workflowStart(workflow, options, now)) as Promise<RunHandle>
    },
    startOptions: (definition, options = {}) => {
      const known = typeof definition === 'string' ? byKey(definition) : definition
      return known ? workflowStart(known, options, machine.scheduler.now()) : options
    },
  }
}

function withoutPause({ isPaused: _over, ...state }: SchedulerState): SchedulerState {
  return state
}

async function end(engine: Engine, { runId }: RunSummary): Promise<void> {
  try {
    await engine.handle(runId).cancel('another scheduler keeps the schedule')
  } catch (thrown) {
    if (!MeepoError.is(thrown) || thrown.code !== 'run.ended') throw thrown
  }
}

/** Two who resume at once say different times: the first one counts. */
async function signalOnce(engine: Engine, runId: RunId, at: number): Promise<void> {
  try {
    await engine.handle(runId).signal(resumeSignal, { at })
  } catch (thrown) {
    if (!MeepoError.is(thrown) || (thrown.code !== 'signal.conflict' && thrown.code !== 'run.ended')) throw thrown
  }
}

function ignore(): void {}
