// Records what an engine writes, event by event, and rebuilds the store as it was after any of these writes.

import type { AppendRequest, Delivery, LogEvent, NewEvent, NewRun, RunId, Scope, Store } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'

type Write =
  | { readonly kind: 'create'; readonly scope: Scope; readonly run: NewRun; readonly events: readonly NewEvent[] }
  | {
      readonly kind: 'append'
      readonly scope: Scope
      readonly runId: RunId
      readonly event: NewEvent
      readonly inboxTaken: readonly string[]
      readonly deliver?: NonNullable<AppendRequest['extras']>['deliver']
    }
  | { readonly kind: 'deliver'; readonly scope: Scope; readonly runId: RunId; readonly delivery: Delivery }

/** All that was written, in order. */
export class History {
  readonly writes: Write[] = []

  /** The store, with every write recorded that it accepted. */
  recorded(store: Store): Store {
    return {
      ...store,
      log: {
        ...store.log,
        create: async (scope, run, events, owner) => {
          const pending = store.log.create(scope, run, events, owner)
          const at = this.writes.push({ kind: 'create', scope, run, events }) - 1
          const created = await pending
          // An existing run was not written again. The place stays, so that places do not move.
          if (created.kind === 'exists') this.writes[at] = { kind: 'create', scope, run, events: [] }
          return created
        },
        append: (scope, request) => {
          const pending = store.log.append(scope, request)
          this.#append(scope, request)
          return pending
        },
      },
      inbox: {
        ...store.inbox,
        deliver: async (scope, runId, delivery) => {
          const pending = store.inbox.deliver(scope, runId, delivery)
          this.writes.push({ kind: 'deliver', scope, runId, delivery })
          return pending
        },
      },
    }
  }

  /** A batch could have been cut anywhere: each event is a write of its own, with the mail that came with it. */
  #append(scope: Scope, { runId, events, extras = {} }: AppendRequest): void {
    const left = new Set(extras.inboxTaken)
    for (const [index, event] of events.entries()) {
      const isLast = index === events.length - 1
      const inboxTaken = isLast ? [...left] : [...left].filter((id) => this.#brought(runId, event, id))
      for (const id of inboxTaken) left.delete(id)
      const deliver = isLast && extras.deliver ? { deliver: extras.deliver } : {}
      this.writes.push({ kind: 'append', scope, runId, event, inboxTaken, ...deliver })
    }
  }

  #brought(runId: RunId, event: NewEvent, mailId: string): boolean {
    if ('deliveryId' in event.data) return event.data.deliveryId === mailId
    if (event.type !== 'child.completed' && event.type !== 'child.failed' && event.type !== 'task.cancelled')
      return false
    const { number } = event.data
    return this.writes.some(
      (write) =>
        write.kind === 'append' &&
        write.runId === runId &&
        write.event.type === 'child.started' &&
        write.event.data.number === number &&
        mailId.startsWith(`${write.event.data.childRunId}/`),
    )
  }

  /** A store that holds the first `count` writes, with no owner of any run. */
  async storeAfter(count: number, now: () => number): Promise<Store> {
    const store = createMemoryStore({ now })
    await store.leases.join('past')
    const lengths = new Map<RunId, number>()
    for (const write of this.writes.slice(0, count)) {
      if (write.kind === 'create') {
        if (write.events.length === 0) continue
        await store.log.create(write.scope, write.run, write.events, 'past')
        lengths.set(write.run.runId, write.events.length)
      } else if (write.kind === 'append') {
        const { runId, event, inboxTaken, deliver } = write
        const expectedSeq = lengths.get(runId) ?? 0
        const extras = { inboxTaken, ...(deliver ? { deliver } : {}) }
        await store.log.append(write.scope, { runId, epoch: 1, expectedSeq, events: [event], extras })
        lengths.set(runId, expectedSeq + 1)
      } else await store.inbox.deliver(write.scope, write.runId, write.delivery).catch(() => 'refused as it was before')
    }
    await store.leases.leave('past')
    return store
  }
}

/** The logs of all runs of a store. */
export async function allLogs(store: Store): Promise<ReadonlyMap<RunId, readonly LogEvent[]>> {
  const logs = new Map<RunId, readonly LogEvent[]>()
  for (const { runId } of await store.log.runs('system')) logs.set(runId, await store.log.read('system', runId))
  return logs
}
