import type { StatementSync } from 'node:sqlite'
import { describeFailure } from './sqlite-error.ts'

/** How long a transaction waits for the lock of another process. */
export const busyTimeoutMs = 5_000
/** How often it is asked for meanwhile: at random between this and twice as much. */
const pollMs = 0.25

const pause = new Int32Array(new SharedArrayBuffer(4))

/**
 * Begins a transaction that writes, on a connection without a busy timeout. SQLite waits for a lock by asking ever more
 * seldom, in the end every 100 ms: a process that writes nearly without a pause then keeps all others out for seconds.
 */
export function beginWriting(begin: StatementSync): void {
  const since = performance.now()
  for (;;) {
    try {
      begin.run()
      return
    } catch (error) {
      if (describeFailure(error).retryable !== true || performance.now() - since > busyTimeoutMs) throw error
      Atomics.wait(pause, 0, 0, pollMs * (1 + Math.random()))
    }
  }
}
