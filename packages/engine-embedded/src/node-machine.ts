import { hash, randomBytes } from 'node:crypto'
import type { Machine, Random, Scheduler, Stop } from '@meepo/core'

/** Longer timers overflow in Node: they are waited for in pieces. */
const maxTimerMs = 2 ** 31 - 1

/** The clock, event loop, chance and digests of this process. */
export function createNodeMachine(): Machine {
  return { scheduler: createNodeScheduler(), random: createNodeRandom(), hash: (text) => hash('sha256', text) }
}

/**
 * Timers count running time, so that a jump of the wall clock moves nothing. Turns that are asked for in the same
 * macrotask share one: Node runs the two immediates one after the other and only drains microtasks in between.
 */
export function createNodeScheduler(): Scheduler {
  interface Turn {
    readonly opens: (() => void)[]
    readonly closes: (() => void)[]
  }
  let next: Turn | undefined
  const begin = (): Turn => {
    const turn: Turn = { opens: [], closes: [] }
    setImmediate(() => {
      // Turns asked for from now on are another macrotask's.
      next = undefined
      for (const open of turn.opens) open()
    })
    setImmediate(() => {
      for (const close of turn.closes) close()
    })
    return turn
  }
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after: (ms, run, background = false) => startTimer(ms, run, background),
    turn: (open, close) => {
      next ??= begin()
      next.opens.push(open)
      next.closes.push(close)
    },
  }
}

function startTimer(ms: number, run: () => void, background: boolean): Stop {
  const end = performance.now() + ms
  let timer: NodeJS.Timeout
  const wait = (left: number): void => {
    timer = setTimeout(left > maxTimerMs ? again : run, Math.min(left, maxTimerMs))
    if (background) timer.unref()
  }
  const again = (): void => wait(Math.max(0, end - performance.now()))
  wait(ms)
  return () => clearTimeout(timer)
}

/** Random ids are cut from a pool: one system call serves many. */
function createNodeRandom(): Random {
  let pool = ''
  return {
    id: () => {
      if (pool.length < 32) pool = randomBytes(2_048).toString('hex')
      const id = pool.slice(0, 32)
      pool = pool.slice(32)
      return id
    },
    next: () => Math.random(),
  }
}
