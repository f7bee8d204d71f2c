// What an engine sees of the world, so that a test can end it as a kill would: from then on no call is answered, no
// timer fires, and nothing more is written.

import type { Dispatcher, Machine, Store } from '@meepo/core'

/** Whether the engine is still alive. */
export interface Life {
  isDead: boolean
}

const never = new Promise<never>(() => undefined)

/** The store as this life sees it. */
export function mortalStore(store: Store, life: Life): Store {
  return { ...mortal(store, life), close: () => Promise.resolve() }
}

/** A dispatcher as this life sees it. What is under way when it dies breaks off by itself. */
export function mortalDispatcher(dispatcher: Dispatcher, life: Life): Dispatcher {
  return {
    begin: (host) => dispatcher.begin(host),
    serve: (definitions) => (life.isDead ? never : dispatcher.serve(definitions)),
    send: (drive) => (life.isDead ? never : dispatcher.send(drive)),
    stop: () => dispatcher.stop(),
  }
}

function mortal<T extends object>(target: T, life: Life): T {
  const shell: Record<string, unknown> = {}
  for (const key of Object.keys(target)) {
    const member: unknown = Reflect.get(target, key)
    if (typeof member === 'function') shell[key] = mortalCall(target, member as (...args: unknown[]) => unknown, life)
    else if (typeof member === 'object' && member !== null) shell[key] = mortal(member, life)
  }
  // The same members as the target, each behind a shell.
  return shell as T
}

function mortalCall(
  target: object,
  call: (...args: unknown[]) => unknown,
  life: Life,
): (...args: unknown[]) => unknown {
  return (...args) => {
    if (life.isDead) return never
    const alive = args.map((arg) =>
      typeof arg === 'function' ? mortalCall(target, arg as (...args: unknown[]) => unknown, life) : arg,
    )
    const answer = call.apply(target, alive)
    if (!(answer instanceof Promise)) return answer
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => life.isDead || resolve(value),
        (thrown: unknown) => life.isDead || reject(thrown),
      )
    })
  }
}

/** Counts appends; the process dies before or after one of them. */
export function dyingStore(store: Store, life: Life, at: number, isAfter: boolean): Store {
  let count = 0
  const kill = (): Promise<never> => {
    life.isDead = true
    return new Promise(() => undefined)
  }
  return {
    ...store,
    log: {
      ...store.log,
      append: async (scope, request) => {
        const isThis = !life.isDead && ++count === at
        if (isThis && !isAfter) return kill()
        const grants = await store.log.append(scope, request)
        return isThis ? kill() : grants
      },
    },
  }
}

/** The machine as this life sees it. */
export function mortalMachine(machine: Machine, life: Life): Machine {
  const { scheduler } = machine
  const alive = (run: () => void) => (): void => {
    if (!life.isDead) run()
  }
  return {
    ...machine,
    scheduler: {
      now: () => scheduler.now(),
      elapsed: () => scheduler.elapsed(),
      after: (ms, run, background) => scheduler.after(ms, alive(run), background),
      turn: (open, close) => scheduler.turn(alive(open), alive(close)),
    },
  }
}
