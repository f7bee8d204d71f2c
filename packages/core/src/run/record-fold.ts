import type { RunId } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import { addUsage, noUsage, type Usage } from '../base/usage.ts'
import type { NewEvent, Stored } from '../log/events.ts'
import { CostFold } from './cost-fold.ts'
import type { HistoryEntry, RecordStatus, RunRecord } from './record.ts'
import { effectiveEvents } from './effective-events.ts'

interface Draft {
  step: string
  number: number
  tool: string | undefined
  isModel: boolean
  status: HistoryEntry['status']
  startedAt: number
  durationMs: number
  attempts: number
  picoDollars: bigint | undefined
  result: Json | undefined
  error: HistoryEntry['error']
}

/**
 * The record of a run, as of its last event. `fetched` holds values of blobs by id; one that is missing stays a
 * reference. `waiting` tells whether a run that has not ended is driven by nobody because it waits.
 */
export function foldRecord(
  runId: RunId,
  events: readonly NewEvent[],
  fetched: ReadonlyMap<string, Json> = new Map(),
  open: RecordStatus = 'running',
): RunRecord {
  const fold = new RecordFold(fetched)
  for (const event of effectiveEvents(events)) fold.read(event)
  return fold.finish(runId, open)
}

class RecordFold {
  readonly #fetched: ReadonlyMap<string, Json>
  readonly #history: Draft[] = []
  #open = new Map<number, Draft>()
  #sessionId = ''
  #status: RecordStatus | undefined
  #result: Json | undefined
  #error: RunRecord['error']
  #iterations = 0
  #usage: Usage = noUsage
  readonly #cost = new CostFold()
  #forkedFrom: RunRecord['forkedFrom']

  constructor(fetched: ReadonlyMap<string, Json>) {
    this.#fetched = fetched
  }

  read(event: NewEvent): void {
    switch (event.type) {
      case 'run.created':
        this.#sessionId = event.data.sessionId
        return
      case 'run.continued':
        this.#open = new Map()
        return
      case 'run.forked':
        this.#forkedFrom = event.data.from
        this.#usage = noUsage
        this.#cost.forked()
        return
      case 'run.reopened':
        this.#status = undefined
        this.#error = undefined
        return
      case 'step.started':
        this.#begin(event)
        return
      case 'call.settled':
        this.#cost.book(event.data)
        return
      case 'attempt.started':
        this.#change(event.data.number, { attempts: event.data.attempt, status: 'running' })
        return
      case 'attempt.failed':
        this.#spend(event.data.usage)
        this.#change(event.data.number, { error: event.data.error })
        return
      case 'step.unknown':
        this.#change(event.data.number, { status: 'unknown', error: event.data.error })
        return
      case 'step.completed':
        this.#completed(event)
        return
      case 'step.failed':
        this.#spend(event.data.usage)
        this.#change(event.data.number, {
          status: 'failed',
          error: event.data.error,
          durationMs: event.data.durationMs,
        })
        return
      case 'task.cancelled':
        this.#cancelled(event)
        return
      case 'run.completed':
        this.#status = 'completed'
        this.#result = this.#value(event.data.result)
        return
      case 'run.failed':
        this.#status = 'failed'
        this.#error = event.data.error
        return
      case 'run.cancelled':
        this.#status = 'cancelled'
        this.#error = { code: 'run.cancelled', message: event.data.reason, retryable: false }
        return
      default:
    }
  }

  finish(runId: RunId, open: RecordStatus): RunRecord {
    const status = this.#status ?? open
    for (const draft of this.#history) draft.picoDollars = this.#cost.ofStep(draft.number)
    return {
      runId,
      sessionId: this.#sessionId,
      success: status === 'completed',
      status,
      ...(this.#result === undefined ? {} : { result: this.#result }),
      ...(this.#error ? { error: this.#error } : {}),
      history: this.#history.map(entryOf),
      iterations: this.#iterations,
      usage: this.#usage,
      cost: this.#cost.finish(),
      ...(this.#forkedFrom ? { forkedFrom: this.#forkedFrom } : {}),
    }
  }

  #begin({ at, data }: Extract<NewEvent, { type: 'step.started' }>): void {
    const draft: Draft = {
      step: data.name,
      number: data.number,
      isModel: data.meta?.kind === 'model',
      status: 'running',
      startedAt: at,
      durationMs: 0,
      attempts: 1,
      picoDollars: undefined,
      tool: data.meta?.tool,
      result: undefined,
      error: undefined,
    }
    this.#open.set(data.number, draft)
    this.#history.push(draft)
  }

  #completed({ data }: Extract<NewEvent, { type: 'step.completed' }>): void {
    this.#spend(data.usage)
    if (data.usage) this.#cost.answered(data.number, data.usage.calls)
    const draft = this.#open.get(data.number)
    if (!draft) return
    if (draft.isModel) this.#iterations++
    draft.error = undefined
    draft.status = 'completed'
    draft.attempts = data.attempt
    draft.durationMs = data.durationMs
    draft.result = this.#value(data.result)
  }

  #cancelled({ at, data }: Extract<NewEvent, { type: 'task.cancelled' }>): void {
    const draft = this.#open.get(data.number)
    // An unknown outcome stays unknown, even if nobody waits for it any more.
    if (draft && draft.status !== 'unknown') {
      this.#change(data.number, { status: 'cancelled', durationMs: Math.max(0, at - draft.startedAt) })
    }
  }

  #change(number: number, change: Partial<Draft>): void {
    const draft = this.#open.get(number)
    if (draft) Object.assign(draft, change)
  }

  #spend(usage: Usage | undefined): void {
    if (usage) this.#usage = addUsage(this.#usage, usage)
  }

  #value(stored: Stored): Json {
    if ('value' in stored) return stored.value
    return this.#fetched.get(stored.ref.blob) ?? { ref: { blob: stored.ref.blob, bytes: stored.ref.bytes } }
  }
}

function entryOf({
  step,
  number,
  tool,
  status,
  durationMs,
  attempts,
  picoDollars,
  result,
  error,
}: Draft): HistoryEntry {
  const entry: { -readonly [K in keyof HistoryEntry]: HistoryEntry[K] } = { step, number, status, durationMs, attempts }
  if (tool !== undefined) entry.tool = tool
  if (picoDollars !== undefined) entry.picoDollars = String(picoDollars)
  if (result !== undefined) entry.result = result
  if (error) entry.error = error
  return entry
}

/** The blobs that a record of these events would show. */
export function blobsOf(events: readonly NewEvent[]): readonly string[] {
  const ids: string[] = []
  const add = (stored: Stored): void => {
    if ('ref' in stored) ids.push(stored.ref.blob)
  }
  for (const event of events) {
    if (event.type === 'step.completed' || event.type === 'run.completed' || event.type === 'child.completed')
      add(event.data.result)
    else if (event.type === 'run.ending' && event.data.end.kind === 'completed') add(event.data.end.result)
    else if (event.type === 'run.created') add(event.data.input)
    else if (event.type === 'run.continued') add(event.data.state)
    else if (event.type === 'signal.received') add(event.data.value)
  }
  return ids
}
