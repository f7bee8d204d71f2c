import type { Machine, Store } from '@meepo/core'

/** What one process stands on: from its death on nothing that it began comes back, and nothing of it happens any more. */
export interface Mortal {
  readonly machine: Machine
  readonly store: Store
  kill(): void
  /** Dies at its so-manieth write of a log, when it is durable and nobody knows. */
  killAtWrite(count: number): void
  readonly isDead: boolean
}

/** A process on a clock and a store that outlive it. */
export function mortal(machine: Machine, store: Store): Mortal {
  let isDead = false
  let writesLeft = Infinity
  const { scheduler } = machine
  const never = new Promise<never>(() => undefined)
  const alive = (run: () => void) => (): void => {
    if (!isDead) run()
  }
  const role = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (of, name) => {
        const found: unknown = Reflect.get(of, name)
        if (typeof found !== 'function') return found
        // A method of a role.
        const value = found as (...args: unknown[]) => unknown
        return (...args: unknown[]): unknown => {
          if (name === 'watch') return watch(of, value, args)
          if (isDead) return never
          const answer: unknown = Reflect.apply(value, of, args)
          if (!(answer instanceof Promise)) return answer
          const isLast = (name === 'create' || name === 'append') && --writesLeft === 0
          return answer.then(
            (result: unknown) => {
              if (isLast) isDead = true
              return isDead ? never : result
            },
            (thrown: unknown) => {
              if (isDead) return never
              throw thrown
            },
          )
        }
      },
    })
  const watch = (of: object, value: (...args: unknown[]) => unknown, [engine, told]: unknown[]): unknown =>
    Reflect.apply(value, of, [
      engine,
      (change: unknown) => {
        // The callback of a watch.
        if (!isDead) (told as (change: unknown) => void)(change)
      },
    ])
  const roles = ['log', 'leases', 'inbox', 'blobs', 'money', 'counters', 'health'] as const
  const wrapped = Object.fromEntries(roles.map((name) => [name, role(store[name])]))
  return {
    machine: {
      ...machine,
      scheduler: {
        now: () => scheduler.now(),
        elapsed: () => scheduler.elapsed(),
        after: (ms, run, background) => scheduler.after(ms, alive(run), background),
        turn: (open, close) => scheduler.turn(alive(open), alive(close)),
      },
    },
    // Every role is there, and the store outlives the process.
    store: { ...wrapped, close: () => Promise.resolve() } as unknown as Store,
    kill: () => {
      isDead = true
    },
    killAtWrite: (count) => {
      writesLeft = count
    },
    get isDead() {
      return isDead
    },
  }
}
