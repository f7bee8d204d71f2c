import { MeepoError, type Store } from '@meepo/core'
import type { LineFile, StoreLine } from './evidence.ts'

/** A line without what every line has. */
type Fact<T = StoreLine> = T extends StoreLine ? Omit<T, 'at' | 'worker'> : never

/**
 * A store that writes down what it acknowledged, and passes named fault points before and after. What the engine
 * hears, the parent can read: a line is written before the engine goes on.
 */
export function watchStore(store: Store, worker: number, lines: LineFile, point: (name: string) => void): Store {
  const tell = (fact: Fact): void => lines.write({ ...fact, at: Date.now(), worker })
  /** When this worker took a run last: what it had on its way before that is refused, and was given up. */
  const takenAt = new Map<string, number>()
  /** Creations that are on their way, by run. What follows one in the same write may be answered before it. */
  const creating = new Map<string, () => void>()
  return {
    ...store,
    close: () => store.close(),
    log: {
      ...store.log,
      create: async (scope, run, events, owner) => {
        const calledAt = Date.now()
        const { runId } = run
        creating.set(runId, () => {
          creating.delete(runId)
          tell({ kind: 'created', calledAt, runId, owned: owner !== undefined, events: events.length })
        })
        try {
          const created = await store.log.create(scope, run, events, owner)
          if (created.kind === 'created') {
            creating.get(runId)?.()
            point('create.acked')
          }
          return created
        } finally {
          creating.delete(runId)
        }
      },
      append: async (scope, request) => {
        const { runId, expectedSeq: afterSeq, events, extras } = request
        const calledAt = Date.now()
        point('append.before')
        if (extras?.deliver) point('end.before')
        try {
          await store.log.append(scope, request)
        } catch (thrown) {
          const code = MeepoError.is(thrown) ? thrown.code : String(thrown)
          const isGivenUp = code === 'store.fenced' && calledAt <= (takenAt.get(runId) ?? 0)
          if (!isGivenUp) tell({ kind: 'refused', runId, code })
          throw thrown
        }
        creating.get(runId)?.()
        tell({ kind: 'appended', calledAt, runId, afterSeq, types: events.map((event) => event.type) })
        point('append.acked')
      },
    },
    leases: {
      ...store.leases,
      owned: async (engine) => {
        const calledAt = Date.now()
        const claims = await store.leases.owned(engine)
        // As old as the question: whoever takes one of them meanwhile is the next owner.
        for (const { runId } of claims)
          lines.write({ kind: 'claimed', calledAt, runId, at: calledAt, worker } satisfies StoreLine)
        return claims
      },
      join: async (engine) => {
        await store.leases.join(engine)
        tell({ kind: 'joined', engine })
      },
      claim: async (engine, options) => {
        const calledAt = Date.now()
        const claims = await store.leases.claim(engine, options)
        for (const { runId } of claims) tell({ kind: 'claimed', calledAt, runId })
        if (claims.length > 0) point('claim.after')
        return claims
      },
      take: async (engine, runId, epoch) => {
        const calledAt = Date.now()
        takenAt.set(runId, calledAt)
        const claim = await store.leases.take(engine, runId, epoch)
        if (claim) {
          tell({ kind: 'claimed', calledAt, runId })
          point('take.after')
        } else takenAt.delete(runId)
        return claim
      },
      release: async (engine, runs) => {
        point('release.before')
        await store.leases.release(engine, runs)
      },
      takeOver: async (engine, beat) => {
        const runs = await store.leases.takeOver(engine, beat)
        if (runs > 0) {
          tell({ kind: 'took over', engine, runs })
          point('takeover.after')
        }
        return runs
      },
    },
    inbox: {
      ...store.inbox,
      deliver: async (scope, runId, delivery) => {
        const how = await store.inbox.deliver(scope, runId, delivery)
        if (how === 'accepted') {
          tell({ kind: 'delivered', runId, id: delivery.id, mail: delivery.kind })
          point('deliver.acked')
        }
        return how
      },
    },
  }
}
