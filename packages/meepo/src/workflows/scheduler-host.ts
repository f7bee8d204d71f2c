import {
  canonicalJson,
  fireRunId,
  MeepoError,
  nextSchedulerId,
  retentionOf,
  scheduleData,
  schedulerDefinition,
  toErrorData,
  workflowStart,
  type Definition,
  type Engine,
  type Fire,
  type Machine,
  type Retention,
  type RunId,
  type RunSummary,
  type SchedulerHost,
  type SchedulerInput,
  type StartOptions,
  type Store,
  type Workflow,
} from '@meepo/core'
import type { EngineNotice } from '@meepo/engine-embedded'
import { cronTimes } from './cron-times.ts'

/** What workflows stand on. */
export interface Ground {
  readonly engine: Engine
  readonly store: Store
  readonly machine: Machine
  readonly onNotice: (notice: EngineNotice) => void
  /** How long the engine keeps runs of definitions that do not say it. */
  readonly retention: Retention
}

/** What the schedulers of a workflow do in this process. */
export class WorkflowSchedulers implements SchedulerHost {
  readonly workflow: Workflow
  readonly definition: Definition<SchedulerInput, null>
  readonly #ground: Ground

  constructor(ground: Ground, workflow: Workflow) {
    this.#ground = ground
    this.workflow = workflow
    this.definition = schedulerDefinition(workflow.name, this)
  }

  times(schedule: Parameters<SchedulerHost['times']>[0]): ReturnType<SchedulerHost['times']> {
    return cronTimes(this.workflow.name, schedule)
  }

  get keptMs(): number {
    const { completedMs, failedMs } = retentionOf(this.workflow.retention, this.#ground.retention)
    return Math.min(completedMs, failedMs)
  }

  now(): number {
    return this.#ground.machine.scheduler.now()
  }

  fireRunId({ tenant = 'default' }: Parameters<SchedulerHost['fireRunId']>[0], at: number): RunId {
    return fireRunId(this.#ground.machine.hash, this.workflow.name, tenant, at)
  }

  nextSchedulerId(scheduler?: RunId): RunId {
    return nextSchedulerId(this.#ground.machine.hash, this.workflow.name, scheduler)
  }

  async status(runId: RunId): Promise<RunSummary['status'] | undefined> {
    return (await this.find(runId))?.status
  }

  async find(runId: RunId): Promise<RunSummary | undefined> {
    try {
      return await this.#ground.store.log.run('system', runId)
    } catch (thrown) {
      if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return undefined
      throw thrown
    }
  }

  async start(...[{ at, runId }, { tenant }]: Parameters<SchedulerHost['start']>): Promise<void> {
    const { workflow } = this
    const options = workflowStart(workflow, { runId, isQueued: true, ...(tenant ? { tenant } : {}) }, this.now())
    try {
      await this.#startOnce(workflow, this.inputAt(at), options)
    } catch (thrown) {
      const { code, message } = toErrorData(thrown)
      this.#ground.onNotice({
        code,
        message: `workflow ${workflow.name}, due ${new Date(at).toISOString()}: ${message}`,
        runId,
      })
      throw thrown
    }
  }

  /** What the schedule gives to the run of a fire. */
  inputAt(at: number): unknown {
    const input: unknown = this.workflow.schedule?.input ?? null
    // Only what makes inputs of fires is a function: an input is JSON.
    return typeof input === 'function' ? (input as (fire: Fire) => unknown)({ at }) : input
  }

  /** The same start again does nothing; when another one has the place, neither. */
  async succeed(scheduler: RunId | undefined, input: SchedulerInput): Promise<void> {
    const tenant = input.schedule?.tenant
    const options: StartOptions = {
      runId: this.nextSchedulerId(scheduler),
      isQueued: true,
      sessionId: this.keyOf(input.schedule),
      ...(tenant === undefined ? {} : { tenant }),
    }
    await this.#startOnce(this.definition, input, options)
  }

  /** Tells schedules apart without reading a log: the session of a scheduler. */
  keyOf(schedule: SchedulerInput['schedule']): string {
    const { hash } = this.#ground.machine
    const text = schedule === null ? 'none' : hash(canonicalJson(scheduleData(schedule))).slice(0, 16)
    return `${this.definition.name}:${text}`
  }

  async #startOnce<I, O>(definition: Definition<I, O>, input: I, options: StartOptions): Promise<void> {
    try {
      await this.#ground.engine.start(definition, input, options)
    } catch (thrown) {
      if (!MeepoError.is(thrown) || thrown.code !== 'run.exists') throw thrown
    }
  }
}
