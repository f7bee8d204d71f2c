import {
  definitionKey,
  fireRunId,
  isResting,
  MeepoError,
  replacedSignal,
  restVersion,
  retentionOf,
  scheduleInput,
  schedulerDefinition,
  schedulerName,
  schedulerVersion,
  toErrorData,
  workflowStart,
  type Definition,
  type Engine,
  type Machine,
  type Retention,
  type RunId,
  type RunSummary,
  type ScheduleData,
  type SchedulerChange,
  type SchedulerHost,
  type SchedulerLink,
  type SchedulerPast,
  type StartedFire,
  type StartOptions,
  type Store,
  type Workflow,
} from '@meepo/core'
import type { EngineNotice } from '@meepo/engine-embedded'
import { cronTimes } from './cron-times.ts'
import { SchedulerLinks } from './scheduler-links.ts'

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
  readonly links: SchedulerLinks
  /** Schedulers that start what this process means; those that rest when the workflow has no schedule here. */
  readonly definition: Definition<SchedulerChange, null>
  /** Schedulers that start nothing. */
  readonly resting: Definition<SchedulerChange, null>
  readonly #ground: Ground

  constructor(ground: Ground, workflow: Workflow) {
    this.#ground = ground
    this.workflow = workflow
    const { hash } = ground.machine
    this.links = new SchedulerLinks(ground.store, hash, workflow.name)
    const version = schedulerVersion(hash, workflow)
    this.resting = schedulerDefinition(workflow.name, restVersion, this)
    this.definition = version === restVersion ? this.resting : schedulerDefinition(workflow.name, version, this)
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
    const run = await this.links.run(runId)
    // The id names the tenant: a run of another one has taken it.
    return run?.definition === name && fireRunId(this.#ground.machine.hash, name, run.tenant, at) === runId
  }

  async isGoingOn(runId: RunId): Promise<boolean> {
    const run = await this.links.run(runId)
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
    return (await this.links.next(scheduler)) !== undefined
  }

  async replace(scheduler: RunId): Promise<void> {
    for (let each: RunId | undefined = scheduler; each !== undefined;) {
      await this.#replace(each)
      const link: SchedulerLink | undefined = await this.links.read(each)
      each = link?.state ? undefined : link?.change.before
    }
  }

  /** Tells all once more that have a successor and still go on: the code of some may be gone since they were told. */
  async retire(): Promise<void> {
    const filter = { definition: schedulerName(this.workflow.name), status: alive }
    for (const { runId } of await this.#ground.store.log.runs('system', filter)) {
      if (await this.isReplaced(runId)) await this.#replace(runId)
    }
  }

  look(scheduler: RunId): Promise<SchedulerPast> {
    return this.links.look(scheduler)
  }

  async succeed(change: SchedulerChange): Promise<void> {
    const { before, schedule } = change
    const runId = this.links.nextId(before)
    const tenant = schedule?.tenant
    const options: StartOptions = { runId, isQueued: true, ...(tenant === undefined ? {} : { tenant }) }
    await this.#startOnce(isResting(change) ? this.resting : this.definition, change, options)
    if (await this.links.next(before)) return
    const { name } = this.workflow
    const problem = `${await this.#tell(runId)} has the id of the next scheduler of workflow ${name}`
    throw new MeepoError('schedule.blocked', problem, { details: { workflow: name, runId } })
  }

  async #replace(scheduler: RunId): Promise<void> {
    const handle = this.#ground.engine.handle(scheduler)
    try {
      await handle.signal(replacedSignal, true)
      // Nobody's code would hear of it.
      if (await this.#isOrphan(scheduler)) await handle.cancel('it has a successor, and nobody has its code any more')
    } catch (thrown) {
      // It ends, has ended, or is forgotten.
      if (!MeepoError.is(thrown) || !['run.ended', 'run.not_found', 'signal.conflict'].includes(thrown.code))
        throw thrown
    }
  }

  async #isOrphan(scheduler: RunId): Promise<boolean> {
    const { leases, log } = this.#ground.store
    const { definition: name, version } = await log.run('system', scheduler)
    return !(await leases.offered()).includes(definitionKey({ name, version }))
  }

  async #tell(runId: RunId): Promise<string> {
    const { definition = 'a run that is gone', tenant = '' } = (await this.links.run(runId)) ?? {}
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
