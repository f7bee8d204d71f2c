import { decodeEvent, eventVersions, type EventVersions, type LogEvent, type Store } from '@meepo/core'
import type { Chance } from '../world/chance.ts'
import { never, type Life } from '../world/life.ts'
import type { Timeline } from '../world/timeline.ts'
import { clientCounters } from './client-counters.ts'
import { clientFollow } from './client-follow.ts'
import { clientWatch } from './client-watch.ts'
import { unreachable, type Outcome, type StoreServer } from './store-server.ts'
import { writesOf, type Method, type Role } from './write-calls.ts'

/** How long a message takes, each way, in milliseconds. */
const mostLatencyMs = 1.5
/** How long a process that cannot reach the store waits before it gives up a call. */
const patienceMs = 400

/** What a process needs to speak with the store. */
export interface Connection {
  readonly server: StoreServer
  readonly timeline: Timeline
  readonly life: Life
  readonly chance: Chance
  /** How old events are read. */
  readonly versions: EventVersions
}

/** Messages between one process and the store: later ones overtake earlier ones of the same kind only when those were given up. */
export class Wire {
  readonly connection: Connection
  #sentAt = 0
  #straggledAt = 0
  #answeredAt = 0

  constructor(connection: Connection) {
    this.connection = connection
  }

  get isCut(): boolean {
    const { life, timeline } = this.connection
    return timeline.elapsed < life.cutUntil
  }

  /** Messages that are sent now arrive after their sender gave them up. */
  get isLagging(): boolean {
    const { life, timeline } = this.connection
    return timeline.elapsed < life.lagUntil
  }

  /** A message to the store. It arrives also when its sender dies on the way, or gets lost with it. */
  send(what: string, arrive: () => void): void {
    const { timeline, life, chance } = this.connection
    const soon = timeline.elapsed + chance.between(0, mostLatencyMs)
    let at: number
    if (this.isLagging) {
      this.#straggledAt = Math.max(this.#straggledAt, soon + life.lagMs)
      at = this.#straggledAt
      // What is sent next goes another way, once the one before was given up.
      this.#sentAt = Math.max(this.#sentAt, timeline.elapsed + patienceMs)
    } else {
      this.#sentAt = Math.max(this.#sentAt, soon)
      at = this.#sentAt
    }
    timeline.after(at - timeline.elapsed, undefined, what, () => {
      if (!life.isDead || chance.happens(0.5)) arrive()
    })
  }

  /** An answer of the store. */
  answer(what: string, arrive: () => void): void {
    const { timeline, life, chance } = this.connection
    this.#answeredAt = Math.max(this.#answeredAt, timeline.elapsed + chance.between(0, mostLatencyMs))
    timeline.after(this.#answeredAt - timeline.elapsed, life, what, arrive)
  }

  /** Asks and waits for the answer. `ask` runs at the store. */
  call<T>(name: string, ask: (tell: (outcome: Outcome) => void) => void): Promise<T> {
    const { life, timeline, server } = this.connection
    if (life.pass(`${name}.before`)) return never()
    return new Promise((resolve, reject) => {
      let isOver = false
      const settle = (outcome: Outcome): void => {
        if (isOver) return
        isOver = true
        // What the store answers to a method is what that method promises.
        if ('value' in outcome) resolve(outcome.value as T)
        else reject(outcome.thrown)
        life.pass(`${name}.after`)
      }
      const giveUp = (): void =>
        void timeline.after(patienceMs, life, `${name} gave up`, () => settle({ thrown: unreachable() }))
      if (this.isCut) {
        giveUp()
        return
      }
      if (this.isLagging) giveUp()
      this.send(name, () => {
        const { incarnation } = server
        ask((outcome) => {
          // The process that would answer is gone, or nothing gets through: that the connection broke is all there is to hear.
          if (this.isCut) giveUp()
          else if (incarnation === server.incarnation) this.answer(`${name} answered`, () => settle(outcome))
          else this.answer(`${name} broke`, () => settle({ thrown: unreachable() }))
        })
      })
    })
  }
}

/** The store as one process has it. */
export function connect(connection: Connection): Store {
  const { server, versions } = connection
  const wire = new Wire(connection)
  const decode = (event: LogEvent): LogEvent =>
    versions === eventVersions ? event : decodeEvent({ ...event, type: event.type }, versions)

  const read = <T>(name: string, ask: (state: Store) => Promise<T>): Promise<T> =>
    wire.call(name, (tell) => {
      if (server.isDown) tell({ thrown: unreachable() })
      else
        ask(server.state).then(
          (value) => tell({ value }),
          (thrown: unknown) => tell({ thrown }),
        )
    })
  const writer = <R extends Role, M extends Method<R>>(role: R, method: M): Store[R][M] => {
    const name = `${role}.${method}`
    const write = (...args: readonly unknown[]): Promise<unknown> =>
      wire.call(name, (tell) => server.submit({ role, method, args, tell }))
    // The server applies the arguments to the method of this name and answers with what it gives.
    return write as Store[R][M]
  }
  const writers = <R extends Role>(role: R): Pick<Store[R], Method<R>> => {
    const all = writesOf(role).map((method) => [method, writer(role, method as Method<R>)] as const)
    // One entry for each of the names.
    return Object.fromEntries(all) as unknown as Pick<Store[R], Method<R>>
  }

  return {
    log: {
      ...writers('log'),
      read: async (scope, runId, afterSeq) =>
        (await read('log.read', ({ log }) => log.read(scope, runId, afterSeq))).map(decode),
      run: (scope, runId) => read('log.run', ({ log }) => log.run(scope, runId)),
      runs: (scope, filter) => read('log.runs', ({ log }) => log.runs(scope, filter)),
      prunable: (scope, options) => read('log.prunable', ({ log }) => log.prunable(scope, options)),
      chargedTo: (scope, charged) => read('log.chargedTo', ({ log }) => log.chargedTo(scope, charged)),
      follow: (scope, runId, options) =>
        clientFollow(wire, ({ log }) => log.follow(scope, runId, options), decode, options.signal),
      followAll: (scope, options) =>
        clientFollow(
          wire,
          ({ log }) => log.followAll(scope, options),
          (told) => ({ ...told, event: decode(told.event) }),
          options.signal,
        ),
    },
    leases: {
      ...writers('leases'),
      owned: (engine) => read('leases.owned', ({ leases }) => leases.owned(engine)),
      offered: () => read('leases.offered', ({ leases }) => leases.offered()),
      orphans: (limit) => read('leases.orphans', ({ leases }) => leases.orphans(limit)),
      engines: () => read('leases.engines', ({ leases }) => leases.engines()),
      nextWakeAt: () => read('leases.nextWakeAt', ({ leases }) => leases.nextWakeAt()),
      watch: (engine, onChange, options) => clientWatch(wire, engine, onChange, options),
    },
    inbox: {
      ...writers('inbox'),
      pending: (scope, runId) => read('inbox.pending', ({ inbox }) => inbox.pending(scope, runId)),
    },
    blobs: {
      ...writers('blobs'),
      get: (scope, id) => read('blobs.get', ({ blobs }) => blobs.get(scope, id)),
    },
    money: {
      ...writers('money'),
      ledger: (scope, filter) => read('money.ledger', ({ money }) => money.ledger(scope, filter)),
      reservations: (scope, runId) => read('money.reservations', ({ money }) => money.reservations(scope, runId)),
      balances: (keys) => read('money.balances', ({ money }) => money.balances(keys)),
      accounts: (prefix, limit) => read('money.accounts', ({ money }) => money.accounts(prefix, limit)),
      report: (scope, query) => read('money.report', ({ money }) => money.report(scope, query)),
      alerts: () => read('money.alerts', ({ money }) => money.alerts()),
    },
    counters: clientCounters(wire),
    health: server.health,
    close: () => Promise.resolve(),
  }
}
