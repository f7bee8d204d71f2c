import { anySchema, define, type Scheduler } from '@meepo/core'

/** Stops a process for a while, as seen from the store: what it sent is done at once. */
export class Pause {
  #over: Promise<void> | undefined

  /** Begins; gives what ends it. */
  begin(): () => void {
    let goOn = (): void => undefined
    this.#over = new Promise((resolve) => (goOn = resolve))
    return () => {
      this.#over = undefined
      goOn()
    }
  }

  /** Ends with the pause; at once where there is none. */
  async over(): Promise<void> {
    await this.#over
  }

  /** `call`, whose answer is read when the process goes on. */
  readLater<A extends readonly unknown[], T>(call: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return async (...args) => {
      const answer = await call(...args)
      await this.#over
      return answer
    }
  }
}

/** Looks for `ms`, then pays: whoever drives it adds his name to `paid`. */
export function definePayer(paid: string[], by: string, ms: number, scheduler: Scheduler) {
  const look = (): Promise<number> => new Promise((resolve) => void scheduler.after(ms, () => resolve(1)))
  return define({
    name: 'payer',
    input: anySchema,
    run: async (ctx) => {
      await ctx.step('look', { effect: 'read' }, look)
      return ctx.step('pay', { effect: 'idempotent' }, async () => paid.push(by))
    },
  })
}
