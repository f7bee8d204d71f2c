import { MeepoError, type RunId, type Store } from '@meepo/core'
import type { StoreLine } from '../../torture/evidence.ts'
import type { Life } from '../world/life.ts'
import type { Timeline } from '../world/timeline.ts'

/** A line without what every line has. */
type Fact<T = StoreLine> = T extends StoreLine ? Omit<T, 'at' | 'worker'> : never

/** Hears what processes were told by their store. */
export interface StoreTeller {
  readonly lines: StoreLine[]
  /** Who writes what, as the one who writes believes. */
  readonly problems: string[]
}

/** A store that writes down what it acknowledged to a process, before the process hears of it. */
export function tellStore(store: Store, life: Life, timeline: Timeline, { lines }: StoreTeller): Store {
  const tell = (fact: Fact): void => {
    if (!life.isDead) lines.push({ ...fact, at: timeline.tick(), worker: life.number })
  }
  const told = async <T>(work: Promise<T>, how: (value: T) => void): Promise<T> => {
    const value = await work
    how(value)
    return value
  }
  const codeOf = (thrown: unknown): string => (MeepoError.is(thrown) ? thrown.code : String(thrown))
  return {
    ...store,
    log: {
      ...store.log,
      create: (scope, run, events, owner) => {
        const calledAt = timeline.tick()
        return told(store.log.create(scope, run, events, owner), ({ kind }) => {
          if (kind !== 'created') return
          tell({ kind: 'created', calledAt, runId: run.runId, owned: owner !== undefined, events: events.length })
        })
      },
      append: async (scope, request) => {
        const { runId, expectedSeq: afterSeq, events } = request
        const calledAt = timeline.tick()
        try {
          const appended = await store.log.append(scope, request)
          tell({ kind: 'appended', calledAt, runId, afterSeq, types: events.map((event) => event.type) })
          return appended
        } catch (thrown) {
          tell({ kind: 'refused', runId, code: codeOf(thrown) })
          throw thrown
        }
      },
    },
    leases: {
      ...store.leases,
      join: (engine) => told(store.leases.join(engine), () => tell({ kind: 'joined', engine })),
      claim: (engine, options) => {
        const calledAt = timeline.tick()
        return told(store.leases.claim(engine, options), (claims) => {
          for (const { runId } of claims) tell({ kind: 'claimed', calledAt, runId })
        })
      },
      takeOver: (engine, beat) =>
        told(store.leases.takeOver(engine, beat), (runs) => {
          if (runs > 0) tell({ kind: 'took over', engine, runs })
        }),
    },
    inbox: {
      ...store.inbox,
      deliver: (scope, runId: RunId, delivery) =>
        told(store.inbox.deliver(scope, runId, delivery), (how) => {
          if (how === 'accepted') tell({ kind: 'delivered', runId, id: delivery.id, mail: delivery.kind })
        }),
    },
  }
}
