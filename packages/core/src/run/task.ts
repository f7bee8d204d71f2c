import type { ErrorData } from '../base/errors.ts'

/** What kind of call minted a task. */
export type TaskKind = 'step' | 'sleep' | 'signal' | 'child'

/**
 * A call of the run context under way. Await it, combine it with `Promise.all`, or hand it to `ctx.race`;
 * `Promise.race` and `Promise.any` would depend on timing and are not replayed.
 */
export interface Task<T> extends Promise<T> {
  /** Counts calls of the context; replay compares it. */
  readonly number: number
  readonly kind: TaskKind
  readonly name: string
}

/** How the first task of a race ended. */
export type Settled =
  | { readonly task: Task<unknown>; readonly ok: true; readonly value: unknown }
  | { readonly task: Task<unknown>; readonly ok: false; readonly error: ErrorData }
