import {
  fireRunId,
  MeepoError,
  nextSchedulerId,
  replacedSignal,
  retentionOf,
  scheduleInput,
  schedulerDefinition,
  toErrorData,
  workflowStart,
  type Definition,
  type Engine,
  type Machine,
  type Retention,
  type RunId,
  type RunSummary,
  type ScheduleData,
  type SchedulerHost,
  type SchedulerInput,
  type StartedFire,
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

/** Statuses of runs that have not ended. */
export const alive: readonly RunSummary['status'][] = ['queued', 'running', 'waiting']

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

  times(schedule: ScheduleData): ReturnType<SchedulerHost['times']> {
    return cronTimes(this.workflow.name, schedule)
  }

  get keptMs(): number {
    const { completedMs, failedMs } = retentionOf(this.workflow.retention, this.#ground.retention)
    return Math.min(completedMs, failedMs)
  }

  now(): number {
    return this.#ground.machine.scheduler.now()
  }

  fireRunId({ tenant = 'default' }: ScheduleData, at: number): RunId {
    return fireRunId(this.#ground.machine.hash, this.workflow.name, tenant, at)
  }

  async hasRun({ at, runId }: StartedFire): Promise<boolean> {
    const { name } = this.workflow
    const run = await this.#find(runId)
    // The id names the tenant: a run of another one has taken it.
    return run?.definition === name && fireRunId(this.#ground.machine.hash, name, run.tenant, at) === runId
  }

  async isGoingOn(runId: RunId): Promise<boolean> {
    const run = await this.#find(runId)
    return run !== undefined && alive.includes(run.status)
  }

  async start(fire: StartedFire, { tenant }: ScheduleData): Promise<void> {
    const { workflow } = this
    const { at, runId } = fire
    const options = workflowStart(workflow, { runId, isQueued: true, ...(tenant ? { tenant } : {}) }, this.now())
    try {
      await this.#startOnce(workflow, scheduleInput(workflow, at), options)
      if (!(await this.hasRun(fire)))
        throw new MeepoError('run.exists', `${await this.#tell(runId)} has the id of this fire`)
    } catch (thrown) {
      const { code, message } = toErrorData(thrown)
      const due = `workflow ${workflow.name}, due ${new Date(at).toISOString()}`
      this.#ground.onNotice({ code, message: `${due}: ${message}`, runId })
      throw thrown
    }
  }

  async isReplaced(scheduler: RunId): Promise<boolean> {
    return (await this.next(scheduler)) !== undefined
  }

  async replace(scheduler: RunId): Promise<void> {
    try {
      await this.#ground.engine.handle(scheduler).signal(replacedSignal, true)
    } catch (thrown) {
      // It ends, has ended, or is forgotten.
      if (!MeepoError.is(thrown) || !['run.ended', 'run.not_found', 'signal.conflict'].includes(thrown.code))
        throw thrown
    }
  }

  async succeed(scheduler: RunId | undefined, input: SchedulerInput): Promise<void> {
    const runId = this.#nextId(scheduler)
    const tenant = input.schedule?.tenant
    const options: StartOptions = { runId, isQueued: true, ...(tenant === undefined ? {} : { tenant }) }
    await this.#startOnce(this.definition, { ...input, ...(scheduler ? { before: scheduler } : {}) }, options)
    if (await this.next(scheduler)) return
    const { name } = this.workflow
    const problem = `${await this.#tell(runId)} has the id of the next scheduler of workflow ${name}`
    throw new MeepoError('schedule.blocked', problem, { details: { workflow: name, runId } })
  }

  /** The successor of a scheduler, or the first one. */
  async next(scheduler?: RunId): Promise<RunSummary | undefined> {
    const run = await this.#find(this.#nextId(scheduler))
    return run?.definition === this.definition.name ? run : undefined
  }

  #nextId(scheduler?: RunId): RunId {
    return nextSchedulerId(this.#ground.machine.hash, this.workflow.name, scheduler)
  }

  async #find(runId: RunId): Promise<RunSummary | undefined> {
    try {
      return await this.#ground.store.log.run('system', runId)
    } catch (thrown) {
      if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return undefined
      throw thrown
    }
  }

  async #tell(runId: RunId): Promise<string> {
    const { definition = 'a run that is gone', tenant = '' } = (await this.#find(runId)) ?? {}
    return `run ${runId} of ${definition}${tenant === '' ? '' : ` (tenant ${tenant})`}`
  }

  /** The same start again does nothing; when another run has the id, neither. */
  async #startOnce<I, O>(definition: Definition<I, O>, input: I, options: StartOptions): Promise<void> {
    try {
      await this.#ground.engine.start(definition, input, options)
    } catch (thrown) {
      if (!MeepoError.is(thrown) || thrown.code !== 'run.exists') throw thrown
    }
  }
}
