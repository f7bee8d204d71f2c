import type { Scheduler } from '../base/ports.ts'
import { createHeap, type HeapItem } from '../base/heap.ts'

/** Where a fake clock begins. */
export interface FakeSchedulerOptions {
  /** Milliseconds since 1970; 0 by default. */
  readonly startAt?: number
}

/**
 * A clock that stands still until a test moves it. Timers run in the order of their times, equal ones in the order in
 * which they were set, and between two timers everything that the first one set off comes to rest, as long as it needs
 * nothing but microtasks and turns: input and output of the machine are not waited for.
 */
export interface FakeScheduler extends Scheduler {
  /** Waits until no turn is pending and every microtask has ended. Time stands still. */
  settle(): Promise<void>
  /** Moves time on by `ms`, runs the timers that fall due on the way, and settles. One call at a time. */
  advance(ms: number): Promise<void>
  /**
   * Moves time from timer to timer until the promise is settled, and answers with it. Rejects when no timer is left,
   * or after 10,000 timers, while the promise is still pending: it would hang.
   */
  until<T>(promise: Promise<T>): Promise<T>
  /** Moves the wall clock alone, as an operator or a time server would. No timer is nearer for it. */
  jump(ms: number): void
  /** How many timers are set. */
  timers(): number
}

interface Timer extends HeapItem {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

interface Turn {
  readonly open: () => void
  readonly close: () => void
}

const mostTimers = 10_000

/** Creates a clock for tests. */
export function createFakeScheduler(options: FakeSchedulerOptions = {}): FakeScheduler {
  const timers = createHeap<Timer>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order))
  const turns: Turn[] = []
  let elapsed = 0
  let wallOffset = options.startAt ?? 0
  let setTimers = 0
  let pendingTimers = 0
  let isPumping = false
  let isAdvancing = false

  // One turn at a time, so that no other turn comes between the opening and the closing of one.
  const pump = async (): Promise<void> => {
    isPumping = true
    for (let turn = turns[0]; turn !== undefined; turn = turns[0]) {
      await openAndClose(turn)
      turns.shift()
    }
    isPumping = false
  }

  const settle = async (): Promise<void> => {
    do await macrotask()
    while (turns.length > 0)
  }

  const runNext = (latest: number): boolean => {
    const timer = timers.top()
    if (timer === undefined || timer.at > latest) return false
    timers.remove(timer)
    pendingTimers--
    elapsed = Math.max(elapsed, timer.at)
    timer.run()
    return true
  }

  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isAdvancing) throw new Error('the fake clock is already being moved: await the call before')
    isAdvancing = true
    try {
      return await work()
    } finally {
      isAdvancing = false
    }
  }

  return {
    now: () => wallOffset + elapsed,
    elapsed: () => elapsed,
    after: (ms, run) => {
      const timer: Timer = { at: elapsed + Math.max(0, ms), order: setTimers++, run, heapIndex: -1 }
      timers.push(timer)
      pendingTimers++
      return () => {
        if (timer.heapIndex === -1) return
        timers.remove(timer)
        pendingTimers--
      }
    },
    turn: (open, close) => {
      turns.push({ open, close })
      if (!isPumping) void pump()
    },
    settle,
    advance: (ms) =>
      alone(async () => {
        const target = elapsed + ms
        do await settle()
        while (runNext(target))
        elapsed = target
      }),
    until: (promise) =>
      alone(async () => {
        let isPending = true
        const settled = (): void => {
          isPending = false
        }
        promise.then(settled, settled)
        for (let count = 0; ; count++) {
          await settle()
          if (!isPending) return promise
          if (count === mostTimers) throw new Error(`still pending after ${mostTimers} timers`)
          if (!runNext(Number.POSITIVE_INFINITY)) throw new Error('still pending, and no timer is left to wait for')
        }
      }),
    jump: (ms) => {
      wallOffset += ms
    },
    timers: () => pendingTimers,
  }
}

/** Two immediates that are asked for together run one after the other: nothing but microtasks comes between them. */
function openAndClose(turn: Turn): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => turn.open())
    setImmediate(() => {
      turn.close()
      resolve()
    })
  })
}

/**
 * A real macrotask: the only way to let every microtask end, however many hops it takes. It belongs to no clock, so
 * tests stay repeatable.
 */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
