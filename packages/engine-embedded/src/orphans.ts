import {
  MeepoError,
  readRecording,
  toError,
  type CancelMail,
  type Orphan,
  type RunId,
  type Scheduler,
  type Store,
  type TenantId,
} from '@meepo/core'
import type { EngineNotice } from './engine-notice.ts'
import type { Fleet } from './fleet.ts'
import type { Registry } from './registry.ts'

/** With each look so many more than are known already. */
const atOnce = 32

/** What an engine says may reach the store behind what it says next, when its connection broke: so late at the most. */
const lateMs = 30_000

/** What is needed to end runs whose code nobody has. */
export interface OrphansOptions {
  readonly store: Store
  readonly scheduler: Scheduler
  readonly registry: Registry
  readonly fleet: Fleet
  /** For so long nobody must have come who has the definition: whoever has it ends the run the usual way. */
  readonly graceMs: number
  readonly notice: (notice: EngineNotice) => void
}

/**
 * Runs of definitions that nobody has any more.
 *
 * OR1 An engine says in the store what it can run. What none of those that live can run waits for one that can. What
 *     was said may arrive late or not at all: for a while it looks whether the store knows.
 * OR2 When such a run is asked to cancel, any engine ends it: no code of a run runs behind its cancel in any case. Nobody
 *     ends one that was not asked.
 * OR3 Its children end first, as everywhere: they are asked, and the run is left where it is until the last of them ended.
 * OR4 The request leaves the inbox with the last event. Until then whoever looks next finds the run as it was.
 * OR5 One that cannot end yet hides nobody: its children come behind it.
 */
export class Orphans {
  readonly #options: OrphansOptions
  /** Since when each is known, by running time. */
  #seen = new Map<RunId, number>()
  #isLooking = false
  /** How many definitions it said last, and until when the store is asked whether it knows them. */
  #said = 0
  #checkUntil = 0

  constructor(options: OrphansOptions) {
    this.#options = options
  }

  /** OR1. Again after the engine joined under another name, and when there is more. */
  async offer(): Promise<void> {
    const { store, scheduler, registry, fleet } = this.#options
    const keys = registry.keys()
    this.#said = keys.length
    this.#checkUntil = scheduler.elapsed() + lateMs
    await store.leases.offer(fleet.engine, keys)
  }

  /** Called with each beat. Never throws. */
  look(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    void this.#look()
      .catch((thrown: unknown) => {
        const { code, message } = toError(thrown, 'store.failed')
        this.#options.notice({ code, message })
      })
      .finally(() => {
        this.#isLooking = false
      })
  }

  async #look(): Promise<void> {
    const { store, scheduler, graceMs } = this.#options
    if (!(await this.#isKnown())) await this.offer()
    // OR5
    const found = await store.leases.orphans(this.#seen.size + atOnce)
    const now = scheduler.elapsed()
    const before = this.#seen
    this.#seen = new Map(found.map(({ runId }) => [runId, before.get(runId) ?? now]))
    for (const orphan of found) {
      if (now - (this.#seen.get(orphan.runId) ?? now) >= graceMs) await this.#end(orphan)
    }
  }

  /** OR1 */
  async #isKnown(): Promise<boolean> {
    const { store, scheduler, registry } = this.#options
    const keys = registry.keys()
    if (keys.length !== this.#said) return false
    if (scheduler.elapsed() >= this.#checkUntil) return true
    const offered = new Set(await store.leases.offered())
    return keys.every((key) => offered.has(key))
  }

  async #end(orphan: Orphan): Promise<void> {
    const { store, fleet } = this.#options
    const { runId, epoch } = orphan
    if (!(await this.#isReady(orphan)) || !fleet.takeRoom()) return
    const { engine } = fleet
    await fleet.newcomers.during(runId, async () => {
      try {
        const adopted = await store.leases.adopt(engine, runId, epoch)
        if (adopted && engine === fleet.engine) await fleet.end(adopted)
        else fleet.returnRoom(engine)
      } catch (thrown) {
        fleet.returnRoom(engine)
        throw thrown
      }
    })
  }

  /** OR3 */
  async #isReady({ runId, tenant }: Orphan): Promise<boolean> {
    const { store } = this.#options
    const { segment, voidMail, lastSeq } = readRecording(await store.log.read({ tenant }, runId))
    const mail = await store.inbox.pending({ tenant }, runId)
    const asked = mail.find(({ id, kind }) => kind === 'cancel' && !voidMail.has(id))
    if (!asked) return false
    // Only engines write this kind, as CancelMail.
    const { reason } = asked.data as unknown as CancelMail
    let isReady = true
    for (const { start, isClosed, number } of segment?.tasks.values() ?? []) {
      if (isClosed || start.type !== 'child.started') continue
      const id = `cancel/${runId}/${number}/${lastSeq}`
      if (await this.#ask(tenant, start.data.childRunId, id, reason)) isReady = false
    }
    return isReady
  }

  /** False for a child that has ended. One that was asked before is not asked twice. */
  async #ask(tenant: TenantId, child: RunId, id: string, reason: string): Promise<boolean> {
    const { log, inbox } = this.#options.store
    try {
      if ((await log.run({ tenant }, child)).endedAt !== undefined) return false
      await inbox.deliver({ tenant }, child, { id, kind: 'cancel', data: { source: 'parent', reason } })
      return true
    } catch (thrown) {
      if (MeepoError.is(thrown) && (thrown.code === 'run.ended' || thrown.code === 'run.not_found')) return false
      throw thrown
    }
  }
}
