import {
  isTerminal,
  MeepoError,
  readRecording,
  toError,
  type ChildNews,
  type ChildRef,
  type ChildStart,
  type Json,
  type LogEvent,
  type Mail,
  type RunId,
  type Scope,
} from '@meepo/core'
import type { ActiveRun } from './active-run.ts'
import { outcomeOf } from './child-outcome.ts'
import type { Fleet } from './fleet.ts'
import { childBirth, type Birth } from './new-run.ts'
import { reopenEnded } from './operate.ts'

/** Starts and cancels the children of active runs. All of it may be repeated: after a crash it will be. */
export class Children {
  readonly #fleet: Fleet
  readonly #tell: (thrown: unknown, runId: RunId) => void
  /** A cancel waits for the creation of the same child that is still under way. */
  readonly #creating = new Map<RunId, Promise<void>>()
  /** Children of which news came while they were being created. */
  readonly #early = new Set<RunId>()

  constructor(fleet: Fleet, tell: (thrown: unknown, runId: RunId) => void) {
    this.#fleet = fleet
    this.#tell = tell
  }

  start(parent: ActiveRun, start: ChildStart): void {
    parent.openChildWork++
    const creating = this.#create(parent, start)
      .catch((thrown: unknown) => {
        const error = toError(thrown, 'store.failed')
        // Nobody knows whether the child exists: the parent asks again once the store works.
        if (error.code.startsWith('store.')) this.#fleet.beginAgain(parent, error)
        else parent.driver.childRefused(start.number, error)
      })
      .finally(() => {
        if (this.#creating.get(start.childRunId) === creating) this.#creating.delete(start.childRunId)
        if (this.#early.delete(start.childRunId)) this.#fleet.mail.arrived([parent.runId])
        this.#workDone(parent)
      })
    this.#creating.set(start.childRunId, creating)
  }

  /**
   * News of a child whose creation is not answered yet. It may be of one that an earlier segment started with another input,
   * told a second time: whether this parent has such a child is for the store to say first.
   */
  isEarly({ kind, data }: Mail): boolean {
    if (kind !== 'child') return false
    // Only engines write this kind, as ChildNews.
    const { childRunId } = data as unknown as ChildNews
    if (!this.#creating.has(childRunId)) return false
    this.#early.add(childRunId)
    return true
  }

  #workDone(parent: ActiveRun): void {
    parent.openChildWork--
    this.#fleet.evictSoon(parent)
  }

  cancel(parent: ActiveRun, start: ChildRef, reason: string): void {
    parent.openChildWork++
    void this.#cancel(parent, start, reason)
      .catch((thrown: unknown) => {
        const error = toError(thrown, 'store.failed')
        // The child never hears of it: the parent, which waits for its end, tells it again once the store works.
        if (error.code.startsWith('store.')) this.#fleet.beginAgain(parent, error)
        else this.#tell(error, start.childRunId)
      })
      .finally(() => this.#workDone(parent))
  }

  async #cancel(parent: ActiveRun, start: ChildRef, reason: string): Promise<void> {
    await this.#creating.get(start.childRunId)
    const scope = { tenant: parent.tenant }
    const delivery = { id: `cancel/${parent.runId}/${start.number}/${parent.lastSeq()}`, kind: 'cancel' as const }
    try {
      await this.#fleet.store.inbox.deliver(scope, start.childRunId, {
        ...delivery,
        data: { source: 'parent', reason },
      })
    } catch (thrown) {
      if (!MeepoError.is(thrown)) throw thrown
      // There is nothing to wait for. News of that end would not do: it may be one that a reopening of the parent undid.
      if (thrown.code === 'run.ended' || thrown.code === 'run.not_found')
        parent.driver.childRefused(start.number, thrown)
      else throw thrown
    }
  }

  async #create(parent: ActiveRun, start: ChildStart): Promise<void> {
    const fleet = this.#fleet
    const birth = await childBirth(
      fleet.machine,
      parent.runId,
      parent.recording.created,
      start,
      async (tenant, text) => {
        const blob = fleet.machine.hash(text)
        await fleet.store.blobs.put({ tenant }, blob, text)
        return { blob, bytes: Buffer.byteLength(text) }
      },
    )
    await fleet.newcomers.during(start.childRunId, () => this.#bear(parent, start, birth))
  }

  async #bear(parent: ActiveRun, start: ChildStart, birth: Birth): Promise<void> {
    const fleet = this.#fleet
    const scope = { tenant: parent.tenant }
    const isOurs = fleet.takeRoom()
    const { engine } = fleet
    try {
      const created = await this.#write(scope, birth, isOurs)
      // Others own both since when this engine was taken for dead meanwhile.
      if (engine !== fleet.engine) return
      if (created.kind === 'created' && isOurs) {
        fleet.adopt(birth, start.definition, created.epoch, false)
        return
      }
      if (isOurs) fleet.returnRoom()
      if (created.kind === 'exists') await this.#meet(parent, start)
      else fleet.claimSoon()
    } catch (thrown) {
      if (isOurs) fleet.returnRoom(engine)
      throw thrown
    }
  }

  async #write(
    scope: Scope,
    birth: Birth,
    isOurs: boolean,
  ): Promise<{ kind: 'created'; epoch: number } | { kind: 'exists' }> {
    const { store, engine } = this.#fleet
    try {
      return await store.log.create(scope, birth.run, [birth.created], isOurs ? engine : undefined)
    } catch (thrown) {
      if (!MeepoError.is(thrown) || thrown.code !== 'run.exists') throw thrown
      throw new MeepoError('child.conflict', `the child ${birth.run.runId} exists with another definition or input`, {
        cause: thrown,
      })
    }
  }

  /** The child was created before this parent was loaded again. */
  async #meet(parent: ActiveRun, start: ChildStart): Promise<void> {
    const scope = { tenant: parent.tenant }
    const { log } = this.#fleet.store
    const child = await log.run(scope, start.childRunId)
    if (child.status === 'completed') {
      await this.#sendNews(parent, start)
    } else if (child.status === 'cancelled' || child.status === 'failed') {
      // What took it down is undone where the parent was reopened: the child goes on with it.
      const events = await log.read(scope, start.childRunId)
      const isRefused = parent.recording.undoneChildren.get(start.childRunId) === child.lastSeq
      if (isRefused || isUndone(events, start))
        await this.#reopen(parent, start, parent.recording.isRewound ? events : [])
      else await this.#sendNews(parent, start)
    } else this.#fleet.claimSoon()
  }

  /** The limits are those of the start, but an operator may have given it more money since. */
  async #reopen(parent: ActiveRun, { childRunId, limits }: ChildStart, refused: readonly LogEvent[]): Promise<void> {
    const { store, machine } = this.#fleet
    const { runId, epoch, tenant } = parent
    const [balance] = await store.money.balances([`run:${childRunId}`])
    const picoDollars = higher(limits.picoDollars, balance?.limit)
    const raised = { ...limits, ...(picoDollars === undefined ? {} : { picoDollars }) }
    const data = { limits: raised, by: 'parent' }
    // Whoever drives the parent by now may have cancelled the child: then that holds.
    await reopenEnded(store, machine, { tenant }, childRunId, refused, data, { runId, epoch })
    this.#fleet.claimSoon()
  }

  /** The child's own news may have been taken by an end that was undone: it is sent again, under another id. */
  async #sendNews(parent: ActiveRun, { childRunId, number }: ChildRef): Promise<void> {
    const scope = { tenant: parent.tenant }
    const { log, inbox } = this.#fleet.store
    const pending = await inbox.pending(scope, parent.runId)
    const isThere = pending.some(({ id, kind, data }) => {
      if (kind !== 'child' || parent.recording.voidMail.has(id)) return false
      // Only engines write this kind, as ChildNews.
      const { childRunId: of, number: to = number } = data as unknown as ChildNews
      return of === childRunId && to === number
    })
    if (isThere) {
      this.#fleet.mail.read(parent)
      return
    }
    const events = await log.read(scope, childRunId)
    const end = events.findLast((event) => isTerminal(event))
    if (!end) return
    const news: ChildNews = { childRunId, seq: end.seq, number, outcome: outcomeOf(end) }
    const id = `${childRunId}/${end.seq}/${parent.lastSeq()}/${number}`
    // ChildNews is plain JSON: stored results and error data.
    await inbox.deliver(scope, parent.runId, { id, kind: 'child', data: news as unknown as Json })
    this.#fleet.mail.read(parent)
  }
}

/** The larger of two limits; none for a run without. */
function higher(asked: string | undefined, stored: string | undefined): string | undefined {
  if (asked === undefined || stored === undefined) return asked
  return BigInt(asked) >= BigInt(stored) ? asked : stored
}

/** The child ended because of its parent: by its cancel, or at a limit that is wider now. */
function isUndone(events: readonly LogEvent[], { limits }: ChildStart): boolean {
  const end = events.at(-1)
  if (end?.type === 'run.cancelled') {
    return events.findLast((event) => event.type === 'run.cancel_requested')?.data.source === 'parent'
  }
  if (end?.type !== 'run.failed' || end.data.error.code !== 'run.deadline') return false
  const before = readRecording(events).limits
  return limits.activeMs > before.activeMs || (limits.deadlineAt ?? Infinity) > (before.deadlineAt ?? Infinity)
}
