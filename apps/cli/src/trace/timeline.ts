import { effectiveEvents, totalTokens, type ErrorData, type LogEvent, type RunSummary, type Usage } from '@meepo/core'

/** One task of a run, as people see it. Open tasks have no duration yet. */
export interface TimelineEntry {
  readonly number: number
  readonly kind: 'step' | 'sleep' | 'signal' | 'child'
  readonly name: string
  readonly tool?: string
  readonly model?: string
  readonly turn?: number
  readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'unknown' | 'cancelled'
  readonly startedAt: number
  readonly durationMs?: number
  readonly attempts?: number
  readonly tokens?: number
  /** What its calls of providers cost, in pico-dollars as text. */
  readonly picoDollars?: string
  readonly error?: Pick<ErrorData, 'code' | 'message'>
  readonly childRunId?: string
  /** Of a child: its own timeline. */
  readonly child?: Timeline
}

/** A run with everything below it. */
export interface Timeline {
  readonly runId: string
  readonly definition: string
  readonly version: string
  readonly status: RunSummary['status']
  readonly startedAt: number
  readonly durationMs?: number
  /** Of this run and those below it. */
  readonly tokens: number
  /** What the run and those below it spent, have set aside and may spend, in pico-dollars as text. */
  readonly spending?: { readonly settled: string; readonly reserved: string; readonly limit?: string }
  readonly error?: Pick<ErrorData, 'code' | 'message'>
  readonly entries: readonly TimelineEntry[]
}

type Draft = { -readonly [K in keyof TimelineEntry]: TimelineEntry[K] }

/** Folds the log of one run. What a reopening undid is left out. */
export function foldTimeline(run: RunSummary, events: readonly LogEvent[]): Timeline {
  const fold = new TimelineFold()
  for (const event of effectiveEvents(events)) fold.read(event)
  return {
    runId: run.runId,
    definition: run.definition,
    version: run.version,
    status: run.status,
    startedAt: run.createdAt,
    ...(run.endedAt === undefined ? {} : { durationMs: Math.max(0, run.endedAt - run.createdAt) }),
    tokens: fold.tokens,
    ...(fold.error ? { error: fold.error } : {}),
    entries: fold.entries,
  }
}

class TimelineFold {
  readonly entries: Draft[] = []
  tokens = 0
  error: Timeline['error']
  #open = new Map<number, Draft>()

  read(event: LogEvent): void {
    switch (event.type) {
      case 'step.started': {
        const { number, name, meta } = event.data
        const { tool, model, turn } = meta ?? {}
        const given = { ...(tool === undefined ? {} : { tool }), ...(model === undefined ? {} : { model }) }
        const extra = { ...given, ...(turn === undefined ? {} : { turn }), attempts: 1 }
        return this.#begin({ number, kind: 'step', name, status: 'running', startedAt: event.at, ...extra })
      }
      case 'sleep.started':
        return this.#begin({
          number: event.data.number,
          kind: 'sleep',
          name: 'sleep',
          status: 'waiting',
          startedAt: event.at,
        })
      case 'signal.awaited': {
        const { number, name } = event.data
        return this.#begin({ number, kind: 'signal', name, status: 'waiting', startedAt: event.at })
      }
      case 'child.started': {
        const { number, childId, childRunId } = event.data
        return this.#begin({ number, kind: 'child', name: childId, status: 'running', startedAt: event.at, childRunId })
      }
      case 'call.settled': {
        const { number, entry } = event.data
        const open = this.#open.get(number)
        const before = BigInt(open?.picoDollars ?? 0)
        return this.#change(number, { picoDollars: String(before + BigInt(entry.cost.picoDollars ?? 0)) })
      }
      case 'attempt.started':
        return this.#change(event.data.number, { attempts: event.data.attempt, status: 'running' })
      case 'attempt.failed':
        this.#spend(event.data.number, event.data.usage)
        return this.#change(event.data.number, { error: event.data.error })
      case 'step.unknown':
        return this.#change(event.data.number, { status: 'unknown', error: event.data.error })
      case 'step.completed':
        this.#spend(event.data.number, event.data.usage)
        delete this.#open.get(event.data.number)?.error
        return this.#close(event, 'completed', { attempts: event.data.attempt })
      case 'step.failed':
        this.#spend(event.data.number, event.data.usage)
        return this.#close(event, 'failed', { error: event.data.error, attempts: event.data.attempt })
      case 'sleep.completed':
      case 'signal.completed':
      case 'child.completed':
        return this.#close(event, 'completed')
      case 'signal.timed_out':
        return this.#close(event, 'failed', {
          error: { code: 'signal.timeout', message: 'nobody delivered it in time' },
        })
      case 'child.failed':
        return this.#close(event, 'failed', { error: event.data.error })
      case 'task.cancelled':
        // An unknown outcome stays unknown, even if nobody waits for it any more.
        return this.#close(event, this.#open.get(event.data.number)?.status === 'unknown' ? 'unknown' : 'cancelled')
      case 'run.continued':
        this.#open = new Map()
        return
      case 'run.reopened':
        this.error = undefined
        return
      case 'run.failed':
        this.error = event.data.error
        return
      case 'run.cancelled':
        this.error = { code: 'run.cancelled', message: event.data.reason }
        return
      default:
    }
  }

  #begin(entry: Draft): void {
    this.#open.set(entry.number, entry)
    this.entries.push(entry)
  }

  #change(number: number, change: Partial<Draft>): void {
    const entry = this.#open.get(number)
    if (entry) Object.assign(entry, change)
  }

  #close(event: LogEvent & { data: { number: number } }, status: Draft['status'], change: Partial<Draft> = {}): void {
    const entry = this.#open.get(event.data.number)
    if (entry) Object.assign(entry, { status, durationMs: Math.max(0, event.at - entry.startedAt), ...change })
  }

  #spend(number: number, usage: Usage | undefined): void {
    if (!usage) return
    const entry = this.#open.get(number)
    const tokens = totalTokens(usage)
    this.tokens += tokens
    if (entry) entry.tokens = (entry.tokens ?? 0) + tokens
  }
}
