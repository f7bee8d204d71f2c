import {
  definitionKey,
  isResting,
  isWorkflow,
  MeepoError,
  scheduleData,
  scheduleInput,
  workflowStart,
  type AnyDefinition,
  type Engine,
  type EngineId,
  type Retention,
  type Machine,
  type PassedFire,
  type RunHandle,
  type ScheduleData,
  type StartedFire,
  type StartOptions,
  type Store,
  type Workflow,
} from '@meepo/core'
import { createNodeMachine, type EngineNotice } from '@meepo/engine-embedded'
import { checkNames } from './names.ts'
import { beginSchedule, pauseSchedule, readTail, resumeSchedule } from './scheduler-chain.ts'
import { alive, WorkflowSchedulers, type Ground } from './scheduler-host.ts'

/** What is known of a workflow. */
export interface WorkflowView {
  readonly name: string
  readonly version: string
  readonly schedule?: ScheduleData
  readonly isPaused: boolean
  /**
   * Whether some process seems to keep the schedule: there is one on the store, and no fire is overdue for a minute. One that
   * was killed is noticed by then at the latest.
   */
  readonly isKept: boolean
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
  /**
   * Fires again, as the workflow says in this process. What it missed while it was paused it does not make up for. Also
   * begins again a schedule whose run failed or was cancelled.
   */
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

/** A fire that is so late was forgotten by everybody. */
const overdueMs = 60_000

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
  { engine, store }: { readonly engine: Engine & { readonly id?: EngineId }; readonly store: Store },
  workflows: readonly AnyDefinition[],
  { machine = createNodeMachine(), onNotice = ignore, retention = {} }: OpenWorkflowsOptions = {},
): OpenWorkflows {
  const ground: Ground = { engine, store, machine, onNotice, retention }
  const byName = new Map<string, WorkflowSchedulers>()
  let hasBegun = false
  checkNames(workflows)
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

  /** Whether there is a process that could keep schedules. One that only looks at them is none. */
  const hasKeeper = async (): Promise<boolean> =>
    (await store.leases.engines()).some((each) => hasBegun || each.engine !== engine.id)

  const view = async (schedulers: WorkflowSchedulers, isServed: boolean): Promise<WorkflowView> => {
    const { name, version, schedule } = schedulers.workflow
    const tail = await readTail(store, schedulers)
    const { nextAt, last, lastPassed, isPaused } = tail?.state ?? {}
    const isOn = tail?.isAlive === true && !isResting(tail.state)
    const isNext = isOn && nextAt !== undefined
    const running = await store.log.runs('system', { definition: name, status: alive })
    return {
      name,
      version,
      ...(schedule ? { schedule: scheduleData(schedule) } : {}),
      isPaused: isPaused === true,
      // One that was begun is taken up soon.
      isKept: isServed && isOn && (nextAt ?? tail.run.createdAt) > machine.scheduler.now() - overdueMs,
      ...(isNext ? { nextAt } : {}),
      ...(last ? { last } : {}),
      ...(lastPassed ? { lastPassed } : {}),
      running: running.length,
    }
  }

  return {
    begin: async () => {
      for (const { workflow, definition, resting } of byName.values()) engine.register(workflow, definition, resting)
      await Promise.all([...byName.values()].map((schedulers) => beginSchedule(store, schedulers)))
      await Promise.all([...byName.values()].map((schedulers) => schedulers.retire()))
      hasBegun = true
    },
    list: async () => {
      const isServed = await hasKeeper()
      return Promise.all([...byName.values()].map((schedulers) => view(schedulers, isServed)))
    },
    pause: async (name) => pauseSchedule(store, scheduled(name)),
    resume: async (name) => resumeSchedule(store, scheduled(name)),
    runNow: async (name, input, options = {}) => {
      const { workflow } = find(name)
      const now = machine.scheduler.now()
      const given = input === undefined ? scheduleInput(workflow, now) : input
      // Whatever the workflow gives, a handle takes for JSON.
      return engine.start(workflow, given, workflowStart(workflow, options, now)) as Promise<RunHandle>
    },
    startOptions: (definition, options = {}) => {
      const known = typeof definition === 'string' ? byKey(definition) : definition
      return known ? workflowStart(known, options, machine.scheduler.now()) : options
    },
  }
}

function ignore(): void {}
