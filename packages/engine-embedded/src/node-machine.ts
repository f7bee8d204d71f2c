import { hash, randomBytes } from 'node:crypto'
import type { Machine, Random, Scheduler, Stop } from '@meepo/core'

/** Longer timers overflow in Node: they are waited for in pieces. */
const maxTimerMs = 2 ** 31 - 1

/** The clock, event loop, chance and digests of this process. */
export function createNodeMachine(): Machine {
  return { scheduler: createNodeScheduler(), random: createNodeRandom(), hash: (text) => hash('sha256', text) }
}

/** Timers count running time, so that a jump of the wall clock moves nothing. */
function createNodeScheduler(): Scheduler {
  const turns = new Turns()
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after: startTimer,
    turn: (open, close) => turns.add(open, close),
  }
}

/** So many turns are opened and closed together. */
const turnsAtOnce = 64
/** So many of them are those that waited longest. */
const oldestAtOnce = 8

interface Turn {
  readonly open: () => void
  readonly close: () => void
}

/** After so many turns timers and the network are looked after. */
const turnsPerMacrotask = 128

/**
 * Turns of many runs, a few at a time: open, all microtasks, close, all microtasks. Between the phases lies a tick that a
 * microtask asks for: Node runs it when no microtask is left, and before anything else can happen.
 *
 * The newest go first: a run that has just moved goes on while what it works with is still in the cache and young for
 * the garbage collector, which makes ten thousand runs several times cheaper than taking them in turns. Some of the
 * oldest go along each time, so nobody waits for ever.
 */
class Turns {
  readonly #waiting: Turn[] = []
  #oldest = 0
  #now: Turn[] = []
  #turns = 0
  #isRunning = false

  add(open: () => void, close: () => void): void {
    this.#waiting.push({ open, close })
    if (this.#isRunning) return
    this.#isRunning = true
    setImmediate(this.#open)
  }

  readonly #open = (): void => {
    this.#now = this.#take()
    this.#turns += this.#now.length
    for (const turn of this.#now) turn.open()
    queueMicrotask(this.#closeSoon)
  }

  readonly #close = (): void => {
    for (const turn of this.#now) turn.close()
    queueMicrotask(this.#goOn)
  }

  readonly #closeSoon = (): void => process.nextTick(this.#close)

  readonly #goOn = (): void => {
    if (this.#waiting.length === this.#oldest) {
      this.#isRunning = false
      this.#turns = 0
    } else if (this.#turns < turnsPerMacrotask) process.nextTick(this.#open)
    else {
      this.#turns = 0
      setImmediate(this.#open)
    }
  }

  #take(): Turn[] {
    const waiting = this.#waiting
    if (waiting.length - this.#oldest <= turnsAtOnce) {
      const all = waiting.splice(0).slice(this.#oldest)
      this.#oldest = 0
      return all
    }
    const oldest = waiting.slice(this.#oldest, this.#oldest + oldestAtOnce)
    this.#oldest += oldestAtOnce
    const newest = waiting.splice(waiting.length - (turnsAtOnce - oldestAtOnce))
    if (this.#oldest > waiting.length / 2) {
      waiting.splice(0, this.#oldest)
      this.#oldest = 0
    }
    return [...newest, ...oldest]
  }
}

function startTimer(ms: number, run: () => void, background = false): Stop {
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
