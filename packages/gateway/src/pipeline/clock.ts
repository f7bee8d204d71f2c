import type { Random, Scheduler, Stop } from '@meepo/core'

/** Time and chance, as the pipeline needs them. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds that never jump. */
  elapsed(): number
  random(): number
  /** Calls once after the time, unless stopped before. */
  after(ms: number, run: () => void): Stop
  /** Resolves after the time, or at once when the signal aborts: whoever sleeps looks at the signal afterwards. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** A clock on the ports of the machine. */
export function createClock(
  scheduler: Pick<Scheduler, 'now' | 'elapsed' | 'after'>,
  random: Pick<Random, 'next'>,
): Clock {
  return {
    now: () => scheduler.now(),
    elapsed: () => scheduler.elapsed(),
    random: () => random.next(),
    after: (ms, run) => scheduler.after(ms, run),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve()
          return
        }
        const wake = (): void => {
          stop()
          signal.removeEventListener('abort', wake)
          resolve()
        }
        const stop = scheduler.after(Math.max(0, ms), wake)
        signal.addEventListener('abort', wake, { once: true })
      }),
  }
}

/** The machine's own clock. */
export const systemScheduler: Pick<Scheduler, 'now' | 'elapsed' | 'after'> = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
