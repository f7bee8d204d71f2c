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

/** After so many turns, or one that took so long, timers and the network are looked after. */
const turnsPerMacrotask = 128
const longMs = 10
/** One turn in so many is the one that waited longest. */
const oldestEvery = 8

/** Its continuations are microtasks. `queueMicrotask` costs several times as much: it carries a resource for async hooks. */
const settled = Promise.resolve()

interface Turn {
  readonly open: () => void
  readonly close: () => void
}

/**
 * Turns of many runs, one after the other: open, all microtasks, close, all microtasks. Between the phases lies a tick
 * that a microtask asks for: Node runs it when no microtask is left, and before anything else can happen. Never two at
 * once: a run that another one wakes would look as if it had awaited nothing foreign.
 *
 * What a turn itself brings about goes next: a run that has just moved goes on while what it works with is still in the
 * cache and young for the garbage collector. Now and then it is the one that waited longest, so nobody waits for ever.
 */
class Turns {
  readonly #waiting: Turn[] = []
  /** Asked for by the turn that is under way. */
  readonly #next: Turn[] = []
  #now: Turn | undefined
  #count = 0
  #openedAt = 0
  #isRunning = false

  add(open: () => void, close: () => void): void {
    const turn = { open, close }
    if (this.#now) this.#next.push(turn)
    else this.#waiting.push(turn)
    if (this.#isRunning) return
    this.#isRunning = true
    setImmediate(this.#open)
  }

  readonly #open = (): void => {
    this.#now = this.#take()
    this.#openedAt = performance.now()
    this.#now?.open()
    void settled.then(this.#closeSoon)
  }

  readonly #close = (): void => {
    this.#now?.close()
    void settled.then(this.#goOn)
  }

  readonly #closeSoon = (): void => process.nextTick(this.#close)

  readonly #goOn = (): void => process.nextTick(this.#afterTurn)

  readonly #afterTurn = (): void => {
    this.#now = undefined
    if (this.#waiting.length === 0 && this.#next.length === 0) this.#isRunning = false
    else if (this.#count % turnsPerMacrotask === 0 || this.#wasLong()) setImmediate(this.#open)
    else this.#open()
  }

  #wasLong(): boolean {
    return performance.now() - this.#openedAt >= longMs
  }

  #take(): Turn | undefined {
    const isOldestDue = ++this.#count % oldestEvery === 0
    return isOldestDue ? (this.#waiting.shift() ?? this.#next.shift()) : (this.#next.shift() ?? this.#waiting.shift())
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
