import type { RunId } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import { MeepoError } from '../base/errors.ts'
import { totalTokens } from '../base/usage.ts'
import type { LogEvent, StepMeta, Stored } from '../log/events.ts'
import type { StreamBody, StreamEvent } from './engine.ts'

/*
 * Folds a log, and the text previews of attempts under way, into the stream of a run.
 *
 * F1 A cursor names a place in the log (`seq.index`: the index-th slot of that log event) and, while text of steps is
 *    being previewed, how much of each was told (`step.attempt.offset`).
 * F2 Text is told once: what previews told is not told again by the finished message.
 * F3 The text of an attempt that is repeated is taken back by `reset`.
 * F4 Text is told without gaps, behind the start of its step. Whoever came too late for the beginning of a preview gets
 *    the text with the finished message.
 */

interface Told {
  readonly attempt: number
  readonly offset: number
}

interface Cursor {
  readonly seq: number
  readonly index: number
  readonly told: ReadonlyMap<number, Told>
}

interface StepStart {
  readonly at: number
  readonly meta: StepMeta | undefined
  isOpen: boolean
}

/** The fold of one consumer. Feed it every event of the log from the first, in order. */
export class StreamFold {
  readonly #runId: RunId
  readonly #from: Cursor
  readonly #steps = new Map<number, StepStart>()
  readonly #fetch: (stored: Stored) => Json
  #seq = 0
  #index = 0
  /** By step: how much of the text of an attempt under way the consumer has. */
  readonly #told = new Map<number, Told>()
  #isBehind = true
  #tokens = 0
  #spent = 0n

  constructor(runId: RunId, after: string | undefined, fetch: (stored: Stored) => Json) {
    this.#runId = runId
    this.#from = parseCursor(after)
    this.#fetch = fetch
  }

  /** The stream events of one log event, without those that the consumer already saw. */
  fold(event: LogEvent): readonly StreamEvent[] {
    if (event.seq > this.#from.seq) this.#catchUp()
    this.#seq = event.seq
    this.#index = 0
    return this.#bodies(event).flatMap((body) => {
      const place = this.#place(body)
      return place ? [place] : []
    })
  }

  /** False for a step whose start was not folded yet: what is previewed of it comes later. */
  hasStarted(step: number): boolean {
    return this.#seq >= this.#from.seq && this.#steps.has(step)
  }

  /** A piece of text of an attempt under way, without what the consumer already has. */
  preview(step: number, attempt: number, offset: number, text: string): readonly StreamEvent[] {
    this.#catchUp()
    const told = this.#told.get(step)
    const start = this.#steps.get(step)
    if (start?.isOpen !== true || (told && told.attempt > attempt)) return []
    const known = told?.attempt === attempt ? told.offset : 0
    const fresh = text.slice(known - offset)
    if (offset > known || offset + text.length <= known) return []
    const events: StreamEvent[] = []
    if (told && told.attempt !== attempt && told.offset > 0) {
      this.#told.delete(step)
      events.push(this.#stamp({ type: 'reset', step, attempt }))
    }
    this.#told.set(step, { attempt, offset: offset + text.length })
    events.push(this.#stamp(shown(start.meta, { step, attempt, offset: known, text: fresh })))
    return events
  }

  /** A call of an attempt under way waits, or goes on. */
  waiting(step: number, attempt: number, what: string | undefined): readonly StreamEvent[] {
    if (this.#steps.get(step)?.isOpen !== true) return []
    return [this.#stamp({ type: 'waiting', step, attempt, ...(what === undefined ? {} : { what }) })]
  }

  /** What the last connection previewed counts once the log reached the place where it stopped. */
  #catchUp(): void {
    if (!this.#isBehind) return
    this.#isBehind = false
    for (const [step, told] of this.#from.told) if (this.#steps.get(step)?.isOpen === true) this.#told.set(step, told)
  }

  /** A slot may be empty, so that the index of a stream event does not depend on what was previewed. */
  #place(body: StreamBody | undefined): StreamEvent | undefined {
    this.#index++
    if (!body) return undefined
    const isSeen = this.#seq < this.#from.seq || (this.#seq === this.#from.seq && this.#index <= this.#from.index)
    return isSeen ? undefined : this.#stamp(body)
  }

  #stamp(body: StreamBody): StreamEvent {
    let cursor = `${this.#seq}.${this.#index}`
    for (const [step, { attempt, offset }] of this.#told) cursor += `/${step}.${attempt}.${offset}`
    return { ...body, runId: this.#runId, cursor }
  }

  #bodies(event: LogEvent): readonly (StreamBody | undefined)[] {
    switch (event.type) {
      case 'step.started': {
        const { number, meta } = event.data
        this.#steps.set(number, { at: event.at, meta, isOpen: true })
        if (meta?.kind !== 'tool' || meta.tool === undefined) return []
        return [{ type: 'tool.started', step: number, tool: meta.tool, ...callId(meta) }]
      }
      case 'attempt.started':
        this.#open(event.data.number, true)
        return []
      case 'attempt.failed':
        return [{ type: 'error', error: event.data.error, isFinal: false }]
      case 'call.settled':
        return [this.#booked(event)]
      case 'step.completed':
        return this.#completed(event)
      case 'step.failed':
        return this.#toolFinished(event.data.number, event.data.durationMs, { error: event.data.error })
      case 'task.cancelled': {
        const start = this.#steps.get(event.data.number)
        if (!start) return []
        const error = { code: 'task.cancelled', message: event.data.reason, retryable: false }
        return this.#toolFinished(event.data.number, Math.max(0, event.at - start.at), { error })
      }
      case 'run.continued':
        this.#steps.clear()
        this.#told.clear()
        return []
      case 'progress.reported':
        return this.#reported(event)
      case 'run.completed':
        return [{ type: 'final', result: this.#fetch(event.data.result) }]
      case 'run.failed':
        return [{ type: 'error', error: event.data.error, isFinal: true }]
      case 'run.cancelled': {
        const error = { code: 'run.cancelled', message: event.data.reason, retryable: false }
        return [{ type: 'error', error, isFinal: true }]
      }
      default:
        return []
    }
  }

  #booked({ data }: Extract<LogEvent, { type: 'call.settled' }>): StreamBody {
    const { number, call, entry } = data
    const { status, picoDollars } = entry.cost
    this.#spent += BigInt(picoDollars ?? 0)
    const { target, outcome } = entry
    return { type: 'cost', step: number, call, target, outcome, status, picoDollars, spent: String(this.#spent) }
  }

  #open(step: number, isOpen: boolean): void {
    const start = this.#steps.get(step)
    if (start) start.isOpen = isOpen
  }

  #completed(event: Extract<LogEvent, { type: 'step.completed' }>): readonly (StreamBody | undefined)[] {
    const { number, attempt, result, durationMs, usage } = event.data
    const start = this.#steps.get(number)
    if (usage) this.#tokens += totalTokens(usage)
    this.#open(number, false)
    if (start?.meta?.kind === 'model') {
      const bodies = [...this.#restOfText(number, attempt, this.#fetch(result)), this.#progress(start.meta)]
      this.#told.delete(number)
      return bodies
    }
    this.#told.delete(number)
    return this.#finished(start?.meta, number, durationMs, { result: this.#fetch(result) })
  }

  /** F2, F3: a slot for the reset and one for the text. */
  #restOfText(step: number, attempt: number, response: Json): readonly (StreamBody | undefined)[] {
    const told = this.#told.get(step)
    const offset = told?.attempt === attempt ? told.offset : 0
    const text = textOf(response).slice(offset)
    return [
      told && told.attempt !== attempt ? { type: 'reset', step, attempt } : undefined,
      text === '' ? undefined : { type: 'text', step, attempt, offset, text },
    ]
  }

  #toolFinished(step: number, durationMs: number, outcome: { error: StreamErrorData }): readonly StreamBody[] {
    // The start is kept: a run that is reopened goes on with the step.
    const start = this.#steps.get(step)
    this.#open(step, false)
    if (start?.meta?.kind === 'tool') this.#told.delete(step)
    const finished = this.#finished(start?.meta, step, durationMs, outcome)
    return finished.length > 0 ? finished : [{ type: 'error', error: outcome.error, isFinal: false }]
  }

  #finished(
    meta: StepMeta | undefined,
    step: number,
    durationMs: number,
    outcome: { result: Json } | { error: StreamErrorData },
  ): readonly StreamBody[] {
    if (meta?.kind !== 'tool' || meta.tool === undefined) return []
    return [
      {
        type: 'tool.finished',
        step,
        tool: meta.tool,
        ...callId(meta),
        ok: 'result' in outcome,
        durationMs,
        ...outcome,
      },
    ]
  }

  #progress(meta: StepMeta): StreamBody {
    return {
      type: 'progress',
      ...(meta.turn === undefined ? {} : { turn: meta.turn }),
      ...(meta.maxTurns === undefined ? {} : { maxTurns: meta.maxTurns }),
      tokens: this.#tokens,
      picoDollars: String(this.#spent),
    }
  }

  #reported({ data }: Extract<LogEvent, { type: 'progress.reported' }>): readonly StreamBody[] {
    const { partial, ...told } = data
    const bodies: StreamBody[] = []
    if (partial !== undefined) bodies.push({ type: 'partial', value: partial })
    if (Object.keys(told).length > 0)
      bodies.push({ type: 'progress', tokens: this.#tokens, picoDollars: String(this.#spent), ...told })
    return bodies
  }
}

type StreamErrorData = Extract<StreamBody, { type: 'error' }>['error']

/** What a model says is the text of the run; what a tool shows is not. */
function shown(meta: StepMeta | undefined, piece: Omit<Extract<StreamBody, { type: 'text' }>, 'type'>): StreamBody {
  if (meta?.kind !== 'tool' || meta.tool === undefined) return { type: 'text', ...piece }
  return { type: 'tool.output', tool: meta.tool, ...callId(meta), ...piece }
}

function callId(meta: StepMeta): { callId?: string } {
  return meta.callId === undefined ? {} : { callId: meta.callId }
}

function textOf(response: Json): string {
  if (typeof response !== 'object' || response === null || Array.isArray(response)) return ''
  const text = (response as { readonly text?: Json }).text
  return typeof text === 'string' ? text : ''
}

function parseCursor(cursor: string | undefined): Cursor {
  if (cursor === undefined) return { seq: 0, index: 0, told: new Map() }
  if (!/^\d+\.\d+(?:\/\d+\.\d+\.\d+)*$/.test(cursor))
    throw new MeepoError('input.invalid', `not a cursor of a stream: ${cursor}`)
  const [place = '', ...previewed] = cursor.split('/')
  const [seq = 0, index = 0] = place.split('.').map(Number)
  const told = previewed.map((text): [number, Told] => {
    const [step = 0, attempt = 0, offset = 0] = text.split('.').map(Number)
    return [step, { attempt, offset }]
  })
  return { seq, index, told: new Map(told) }
}
