import type { NewRun, Store } from '@meepo/core'

/** A store on which the creation of runs can be held up, as in a process that is suspended in front of its write. */
export function heldStore(store: Store, hold: (run: NewRun) => Promise<unknown> | undefined): Store {
  const log = new Proxy(store.log, {
    get: (of, name) => {
      const found: unknown = Reflect.get(of, name)
      if (typeof found !== 'function') return found
      // A method of the log.
      const method = found as (...args: readonly unknown[]) => unknown
      if (name !== 'create') return method.bind(of)
      // The second argument of a creation is the run.
      return async (...args: readonly unknown[]): Promise<unknown> => {
        await hold(args[1] as NewRun)
        return Reflect.apply(method, of, args)
      }
    },
  })
  return new Proxy(store, { get: (of, name) => (name === 'log' ? log : Reflect.get(of, name)) })
}
