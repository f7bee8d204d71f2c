import { MeepoError, type RunId, type Store } from '@meepo/core'
import type { StoreLine } from '../../torture/evidence.ts'
import type { Life } from '../world/life.ts'
import type { Timeline } from '../world/timeline.ts'

/** A line without what every line has. */
type Fact<T = StoreLine> = T extends StoreLine ? Omit<T, 'at' | 'worker'> : never

function isGain(line: StoreLine): line is Extract<StoreLine, { kind: 'claimed' | 'created' }> {
  return line.kind === 'claimed' || (line.kind === 'created' && line.owned)
}

const away: ReadonlySet<string> = new Set(['store.failed', 'store.disk_full'])

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
  /** When a write of a run was lost, or given up, by run. */
  const lostAt = new Map<RunId, number>()
  /** Writes of a run that got no answer yet, by when they were called. */
  const open = new Map<RunId, Set<number>>()
  const begin = (runId: RunId): number => {
    const at = timeline.tick()
    open.set(runId, (open.get(runId) ?? new Set()).add(at))
    return at
  }
  const firstOpen = (runId: RunId): number | undefined => open.get(runId)?.values().next().value
  const codeOf = (thrown: unknown): string => (MeepoError.is(thrown) ? thrown.code : String(thrown))
  return {
    ...store,
    log: {
      ...store.log,
      create: (scope, run, events, owner) => {
        const calledAt = begin(run.runId)
        const creating = told(store.log.create(scope, run, events, owner), ({ kind }) => {
          if (kind !== 'created') return
          tell({ kind: 'created', calledAt, runId: run.runId, owned: owner !== undefined, events: events.length })
        })
        const lost = (thrown: unknown): never => {
          lostAt.set(run.runId, timeline.tick())
          throw thrown
        }
        return creating.catch(lost).finally(() => open.get(run.runId)?.delete(calledAt))
      },
      append: async (scope, request) => {
        const { runId, expectedSeq: afterSeq, events } = request
        const calledAt = begin(runId)
        try {
          const appended = await store.log.append(scope, request)
          tell({ kind: 'appended', calledAt, runId, afterSeq, types: events.map((event) => event.type) })
          return appended
        } catch (thrown) {
          const code = codeOf(thrown)
          // A store that is away, or full, refuses everybody, and what was on its way behind that does not fit any more.
          if (away.has(code)) lostAt.set(runId, timeline.tick())
          else if (calledAt > (lostAt.get(runId) ?? 0) && firstOpen(runId) === calledAt) {
            tell({ kind: 'refused', runId, code })
          }
          throw thrown
        } finally {
          open.get(runId)?.delete(calledAt)
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
      take: (engine, runId, epoch) => {
        // Whoever takes its own run under the next epoch has given up what is still on its way under this one.
        lostAt.set(runId, timeline.tick())
        return store.leases.take(engine, runId, epoch)
      },
      owned: (engine) => {
        const calledAt = timeline.tick()
        return told(store.leases.owned(engine), (claims) => {
          // Of what it owns a process may hear here for the first time.
          for (const { runId } of claims) {
            const last = lines.findLast((line) => isGain(line) && line.runId === runId)
            if (last?.worker !== life.number) tell({ kind: 'claimed', calledAt, runId })
          }
        })
      },
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
