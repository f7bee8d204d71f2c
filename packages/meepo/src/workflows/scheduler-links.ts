import {
  applied,
  foldScheduler,
  isResting,
  MeepoError,
  nextSchedulerId,
  schedulerName,
  type Hash,
  type RunId,
  type RunSummary,
  type SchedulerLink,
  type SchedulerPast,
  type SchedulerState,
  type Store,
} from '@meepo/core'

/** A scheduler in the chain of a workflow. */
export interface FoundLink {
  readonly run: RunSummary
  readonly link: SchedulerLink
}

const gone: SchedulerPast = { isOver: true, state: null }
/** So many of the newest runs are looked at for one that is a scheduler. */
const newest = 20

/** Reads the chain of schedulers of a workflow. What only has the name of one, or an id that it did not get here, is none. */
export class SchedulerLinks {
  readonly #store: Store
  readonly #hash: Hash
  readonly #workflow: string

  constructor(store: Store, hash: Hash, workflow: string) {
    this.#store = store
    this.#hash = hash
    this.#workflow = workflow
  }

  /** The id of the successor of a scheduler, or of the first one. */
  nextId(scheduler?: RunId): RunId {
    return nextSchedulerId(this.#hash, this.#workflow, scheduler)
  }

  /** The successor of a scheduler, or the first one. */
  async next(scheduler?: RunId): Promise<FoundLink | undefined> {
    const run = await this.run(this.nextId(scheduler))
    return run && this.#found(run)
  }

  /** The last one that there is. */
  async last(): Promise<FoundLink | undefined> {
    const runs = await this.#store.log.runs('system', { definition: schedulerName(this.#workflow), limit: newest })
    let last: FoundLink | undefined
    for (const run of runs) if ((last = await this.#found(run))) break
    last ??= await this.next()
    for (let next = last; next; next = await this.next(next.run.runId)) last = next
    return last
  }

  /** What a successor sees of a scheduler. */
  async look(scheduler: RunId): Promise<SchedulerPast> {
    // First whether somebody drives it: what it wrote until then is read.
    const run = await this.run(scheduler)
    const link = run && (await this.read(scheduler))
    return link ? this.#past(link, run.status === 'running') : gone
  }

  /** Where a scheduler stands. */
  async stateOf(link: SchedulerLink): Promise<SchedulerState> {
    return (await this.#past(link, true)).state
  }

  /** Undefined for a log of anything else, and without one. */
  async read(scheduler: RunId): Promise<SchedulerLink | undefined> {
    return foldScheduler((await ifThere(this.#store.log.read('system', scheduler))) ?? [])
  }

  /** Any run. */
  run(runId: RunId): Promise<RunSummary | undefined> {
    return ifThere(this.#store.log.run('system', runId))
  }

  async #found(run: RunSummary): Promise<FoundLink | undefined> {
    const { runId, definition } = run
    const link = definition === schedulerName(this.#workflow) ? await this.read(runId) : undefined
    return link && this.nextId(link.change.before) === runId ? { run, link } : undefined
  }

  /** One that has not taken over does nothing before it sees its own successor: what counts is the one before. */
  async #past(
    { change, state }: SchedulerLink,
    isDriven: boolean,
  ): Promise<{ readonly isOver: boolean; readonly state: SchedulerState }> {
    if (state) return { isOver: !isDriven || isResting(state), state }
    const before = change.before === undefined ? gone : await this.look(change.before)
    return { isOver: before.isOver, state: applied(change, before.state) }
  }
}

async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (thrown) {
    if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return undefined
    throw thrown
  }
}
