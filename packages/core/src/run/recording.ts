import {
  isTerminal,
  type EventData,
  type LogEvent,
  type Resolution,
  type Rewind,
  type RunEnd,
  type RunLimits,
  type Stored,
} from '../log/events.ts'
import { effectiveEvents } from './effective-events.ts'
import { trackCall, wasTried, type LostCall } from './lost-call.ts'
import type { TaskKind } from './task.ts'

/** A decision about an unknown step that ends it. */
export type Decided = Exclude<Resolution, { readonly kind: 'not_done' }>

/** What the log knows of one task. */
export interface RecordedTask {
  readonly number: number
  readonly kind: TaskKind
  readonly name: string
  readonly start: LogEvent
  /** Of a step: the last attempt that began. */
  attempt: number
  /** Of a step: attempts that failed by an error. */
  failures: number
  /** Of a step: calls of providers that were sent, or may have been, since the run was reopened last. */
  tries: number
  /** Of a step whose last attempt failed: when the next one is due. */
  retryAt?: number
  /** Of a step: its outcome is not known, and nobody decided yet. */
  isUnknown: boolean
  /** Of a step that was unknown: what was decided, and not delivered before the log stopped. */
  decided?: Decided
  isClosed: boolean
}

/** The events that are delivered to the code of a run, in the order in which it saw them. */
export type DeliveryEvent = Extract<
  LogEvent,
  {
    type:
      | 'step.completed'
      | 'step.failed'
      | 'sleep.completed'
      | 'signal.completed'
      | 'signal.timed_out'
      | 'child.completed'
      | 'child.failed'
      | 'task.cancelled'
  }
>

/** The log of a run, read for going on: the last segment in detail, the rest as far as it still matters. */
export interface Recording {
  readonly created: EventData['run.created']
  readonly limits: RunLimits
  readonly lastSeq: number
  /** Undefined until an engine drove the run for the first time. */
  readonly segment: Segment | undefined
  /** Values of signals, whichever segment they came in. */
  readonly received: ReadonlyMap<string, Stored>
  /** Mail that a reopening made void. */
  readonly voidMail: ReadonlySet<string>
  /** The end had begun when the log stopped, behind the event `after`. */
  readonly end: { readonly end: RunEnd; readonly after: number } | undefined
  /** Time with open bodies so far. */
  readonly activeMs: number
  /** Calls of providers that were announced and never booked: their process died. By id. */
  readonly lostCalls: ReadonlyMap<string, LostCall>
  /** Children whose failure a reopening undid: the last seq of each, as it was then. */
  readonly undoneChildren: ReadonlyMap<string, number>
  /** The last reopening took back what came of refusals by budgets. */
  readonly isRewound: boolean
  readonly isEnded: boolean
}

/** What was recorded since the run, or its last `continueWith`, began. */
export interface Segment {
  readonly input: Stored
  readonly isContinued: boolean
  readonly seed: string
  readonly patches: readonly string[]
  readonly startedAt: number
  readonly tasks: ReadonlyMap<number, RecordedTask>
  readonly deliveries: readonly DeliveryEvent[]
  readonly reports: number
  /** The highest number of a task in the segments before. Numbers go on: keys of effects are made of them. */
  readonly numberBefore: number
  /** Behind so many deliveries, numbers go on behind `number`: what they named was taken back. */
  readonly jumps: readonly { readonly after: number; readonly number: number }[]
  /** From the delivery at this index on, chance comes from another seed: there the run was forked. */
  readonly reseeds: readonly { readonly at: number; readonly seed: string }[]
}

/** Reads the log of one run. The first event is `run.created`. */
export function readRecording(events: readonly LogEvent[]): Recording {
  const first = events[0]
  if (first?.type !== 'run.created') throw new TypeError('a log begins with run.created')
  const reader = new Reader(first.data)
  for (const event of effectiveEvents(events)) reader.read(event)
  return reader.finish()
}

// Of nothing at all: whatever its values would be.
const nothing: ReadonlyMap<string, never> = new Map<string, never>()

class Reader {
  readonly #created: EventData['run.created']
  #limits: RunLimits
  #segment: { -readonly [K in keyof Segment]: Segment[K] } | undefined
  #tasks = new Map<number, RecordedTask>()
  #deliveries: DeliveryEvent[] = []
  readonly #received = new Map<string, Stored>()
  readonly #voidMail = new Set<string>()
  #jumps: { after: number; number: number }[] = []
  #reseeds: { at: number; seed: string }[] = []
  /** The highest number of a task that a rewind left behind. */
  #highest = 0
  #isRewound = false
  #undoneChildren: Map<string, number> | undefined = undefined
  #lostCalls: Map<string, LostCall> | undefined = undefined
  #end: Recording['end']
  #isEnded = false
  readonly #openBodies = new Set<number>()
  #activeMs = 0
  #lastAt = 0
  #lastSeq = 0

  constructor(created: EventData['run.created']) {
    this.#created = created
    this.#limits = created.limits
  }

  read(event: LogEvent): void {
    this.#countActive(event)
    // A rewound log is read in another order than it was written.
    this.#lastSeq = Math.max(this.#lastSeq, event.seq)
    this.#isEnded = isTerminal(event)
    switch (event.type) {
      case 'run.created':
      case 'run.completed':
      case 'run.failed':
      case 'run.cancelled':
        return
      case 'run.reopened':
        for (const id of event.data.voidMail ?? []) this.#voidMail.add(id)
        this.#limits = { ...this.#limits, ...event.data.limits }
        for (const task of this.#tasks.values()) task.tries = 0
        this.#isRewound = event.data.rewind !== undefined
        if (event.data.rewind) this.#rewind(event.data.rewind)
        this.#end = undefined
        return
      case 'run.forked':
        this.#fork(event)
        return
      case 'run.started':
        this.#begin(this.#created.input, false, event)
        return
      case 'run.continued':
        this.#begin(event.data.state, true, event)
        return
      case 'run.cancel_requested':
        this.#end ??= { end: { kind: 'cancelled', reason: event.data.reason }, after: event.seq - 1 }
        return
      case 'run.ending':
        this.#end ??= { end: event.data.end, after: event.seq - 1 }
        return
      case 'call.started':
      case 'call.settled':
        this.#lostCalls ??= new Map()
        trackCall(this.#lostCalls, event)
        if (event.type === 'call.settled') this.#countTries(event)
        return
      case 'progress.reported':
        if (this.#segment) this.#segment.reports++
        return
      case 'signal.received':
        this.#received.set(event.data.name, event.data.value)
        return
      case 'step.started':
        this.#open('step', event.data.name, event)
        return
      case 'sleep.started':
        this.#open('sleep', 'sleep', event)
        return
      case 'signal.awaited':
        this.#open('signal', event.data.name, event)
        return
      case 'child.started':
        this.#open('child', event.data.childId, event)
        return
      case 'attempt.started':
      case 'attempt.failed':
      case 'step.unknown':
      case 'step.resolved':
        this.#readAttempt(event)
        return
      case 'step.completed':
      case 'step.failed':
      case 'sleep.completed':
      case 'signal.completed':
      case 'signal.timed_out':
      case 'child.completed':
      case 'child.failed':
      case 'task.cancelled':
        this.#close(event)
        return
    }
  }

  finish(): Recording {
    return {
      created: this.#created,
      limits: this.#limits,
      lastSeq: this.#lastSeq,
      segment: this.#segment,
      received: this.#received,
      voidMail: this.#voidMail,
      end: this.#end,
      activeMs: this.#activeMs,
      lostCalls: this.#lostCalls ?? nothing,
      undoneChildren: this.#undoneChildren ?? nothing,
      isRewound: this.#isRewound,
      isEnded: this.#isEnded,
    }
  }

  #begin(
    input: Stored,
    isContinued: boolean,
    event: Extract<LogEvent, { type: 'run.started' | 'run.continued' }>,
  ): void {
    const numberBefore = Math.max(this.#segment?.numberBefore ?? 0, this.#highest, ...this.#tasks.keys())
    this.#tasks = new Map()
    this.#deliveries = []
    this.#jumps = []
    this.#reseeds = []
    this.#segment = {
      input,
      isContinued,
      seed: event.data.seed,
      patches: event.data.patches,
      startedAt: event.at,
      tasks: this.#tasks,
      deliveries: this.#deliveries,
      reports: 0,
      numberBefore,
      jumps: this.#jumps,
      reseeds: this.#reseeds,
    }
  }

  /** What was under way in the run that this one came from is that one's: here it begins again. */
  #fork({ at, data }: Extract<LogEvent, { type: 'run.forked' }>): void {
    this.#limits = data.limits
    this.#activeMs = 0
    this.#lostCalls = undefined
    this.#undoneChildren = undefined
    this.#end = undefined
    for (const task of this.#tasks.values()) {
      task.failures = 0
      task.tries = 0
      if (task.kind !== 'step' || task.isClosed) continue
      task.isUnknown = false
      task.retryAt = at
    }
    if (this.#deliveries.length > 0) this.#reseeds.push({ at: this.#deliveries.length - 1, seed: data.seed })
    else if (this.#segment) this.#segment.seed = data.seed
  }

  #rewind({ number, children }: Rewind): void {
    this.#highest = Math.max(this.#highest, number)
    this.#undoneChildren ??= new Map()
    for (const [child, lastSeq] of Object.entries(children)) this.#undoneChildren.set(child, lastSeq)
    this.#jumps.push({ after: this.#deliveries.length, number })
  }

  #open(kind: TaskKind, name: string, start: Extract<LogEvent, { data: { number: number } }>): void {
    const number = start.data.number
    this.#tasks.set(number, {
      number,
      kind,
      name,
      start,
      attempt: 1,
      failures: 0,
      tries: 0,
      isUnknown: false,
      isClosed: false,
    })
  }

  #readAttempt(
    event: Extract<LogEvent, { type: 'attempt.started' | 'attempt.failed' | 'step.unknown' | 'step.resolved' }>,
  ): void {
    const task = this.#tasks.get(event.data.number)
    if (!task) return
    switch (event.type) {
      case 'attempt.started':
        task.attempt = event.data.attempt
        delete task.retryAt
        return
      case 'attempt.failed':
        // An attempt that never began, because the engine stopped, is none of those that the policy allows.
        if (event.data.error.code !== 'engine.stopped') task.failures++
        task.retryAt = event.data.retryAt
        return
      case 'step.unknown':
        task.isUnknown = true
        return
      case 'step.resolved':
        task.isUnknown = false
        // Whoever decided that it was not done lets the next attempt begin at once.
        if (event.data.resolution.kind === 'not_done') task.retryAt = event.at
        else task.decided = event.data.resolution
        return
    }
  }

  #countTries({ data }: Extract<LogEvent, { type: 'call.settled' }>): void {
    const task = this.#tasks.get(data.number)
    if (task && wasTried(data.entry)) task.tries++
  }

  #close(event: DeliveryEvent): void {
    const task = this.#tasks.get(event.data.number)
    if (!task || task.isClosed) return
    task.isClosed = true
    if (!this.#end) this.#deliveries.push(event)
  }

  /** Sums the time with open bodies. A body that a crash cut off and that began again did not run in between. */
  #countActive(event: LogEvent): void {
    const isRestart = event.type === 'attempt.started' && this.#openBodies.has(event.data.number)
    if (this.#openBodies.size > 0 && !isRestart) this.#activeMs += Math.max(0, event.at - this.#lastAt)
    this.#lastAt = event.at
    switch (event.type) {
      case 'call.started':
        this.#activeMs = Math.max(0, this.#activeMs - (event.data.waitedMs ?? 0))
        return
      case 'step.started':
      case 'attempt.started':
        this.#openBodies.add(event.data.number)
        return
      case 'step.completed':
      case 'step.failed':
      case 'attempt.failed':
      case 'step.unknown':
      case 'task.cancelled':
        this.#openBodies.delete(event.data.number)
        return
      case 'run.reopened':
      case 'run.forked':
        this.#openBodies.clear()
        return
      default:
    }
  }
}
