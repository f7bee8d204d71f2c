import type { RunId } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import { MeepoError } from '../base/errors.ts'
import { totalTokens } from '../base/usage.ts'
import type { LogEvent, StepMeta, Stored } from '../log/events.ts'
import type { StreamBody, StreamEvent } from './engine.ts'

/*
 * Folds a log, and the text previews of attempts under way, into the stream of a run.
 *
 * F1 A cursor names a place in the log (`seq.index`: the index-th stream event of that log event) and, while text of
 *    a step is being previewed, how much of it was told (`step.attempt.offset`).
 * F2 Text is told once: what previews told is not told again by the finished message.
 * F3 The text of an attempt that is repeated is taken back by `reset`.
 */

interface Told {
  readonly step: number
  readonly attempt: number
  readonly offset: number
}

interface Cursor {
  readonly seq: number
  readonly index: number
  readonly told: Told | undefined
}

interface StepStart {
  readonly at: number
  readonly meta: StepMeta | undefined
}

/** The fold of one consumer. Feed it every event of the log from the first, in order. */
export class StreamFold {
  readonly #runId: RunId
  readonly #from: Cursor
  readonly #steps = new Map<number, StepStart>()
  readonly #fetch: (stored: Stored) => Json
  #seq = 0
  #index = 0
  #told: Told | undefined
  #tokens = 0

  constructor(runId: RunId, after: string | undefined, fetch: (stored: Stored) => Json) {
    this.#runId = runId
    this.#from = parseCursor(after)
    this.#fetch = fetch
  }

  /** The stream events of one log event, without those that the consumer already saw. */
  fold(event: LogEvent): readonly StreamEvent[] {
    this.#seq = event.seq
    this.#index = 0
    // What the last connection previewed counts once the log reaches the place where it stopped.
    if (event.seq === this.#from.seq + 1 && this.#from.told) this.#told = this.#from.told
    return this.#bodies(event).flatMap((body) => {
      const place = this.#place(body)
      return place ? [place] : []
    })
  }

  /** A piece of text of an attempt under way; undefined when the consumer already saw it. */
  preview(step: number, attempt: number, offset: number, text: string): readonly StreamEvent[] {
    if (this.#seq < this.#from.seq) return []
    const told = this.#told ?? (this.#seq === this.#from.seq ? this.#from.told : undefined)
    const events: StreamEvent[] = []
    let known = 0
    if (told && told.step === step) {
      if (told.attempt === attempt) known = told.offset
      else if (told.offset > 0) events.push(this.#stamp({ type: 'reset', step, attempt }))
    }
    const fresh = text.slice(Math.max(0, known - offset))
    this.#told = { step, attempt, offset: Math.max(known, offset + text.length) }
    if (fresh !== '') {
      const at = offset + text.length - fresh.length
      events.push(this.#stamp({ type: 'text', step, attempt, offset: at, text: fresh }))
    }
    return events
  }

  #place(body: StreamBody): StreamEvent | undefined {
    this.#index++
    const isSeen = this.#seq < this.#from.seq || (this.#seq === this.#from.seq && this.#index <= this.#from.index)
    return isSeen ? undefined : this.#stamp(body)
  }

  #stamp(body: StreamBody): StreamEvent {
    const told = this.#told ? `/${this.#told.step}.${this.#told.attempt}.${this.#told.offset}` : ''
    return { ...body, runId: this.#runId, cursor: `${this.#seq}.${this.#index}${told}` }
  }

  #bodies(event: LogEvent): readonly StreamBody[] {
    switch (event.type) {
      case 'step.started': {
        const { number, meta } = event.data
        this.#steps.set(number, { at: event.at, meta })
        if (meta?.kind !== 'tool' || meta.tool === undefined) return []
        return [{ type: 'tool.started', step: number, tool: meta.tool, ...callId(meta) }]
      }
      case 'attempt.failed':
        return [{ type: 'error', error: event.data.error, isFinal: false }]
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

  #completed(event: Extract<LogEvent, { type: 'step.completed' }>): readonly StreamBody[] {
    const { number, attempt, result, durationMs, usage } = event.data
    const start = this.#steps.get(number)
    if (usage) this.#tokens += totalTokens(usage)
    this.#steps.delete(number)
    if (start?.meta?.kind === 'model') {
      const bodies = [...this.#restOfText(number, attempt, this.#fetch(result)), this.#progress(start.meta)]
      this.#told = undefined
      return bodies
    }
    return this.#finished(start?.meta, number, durationMs, { result: this.#fetch(result) })
  }

  /** F2, F3. */
  #restOfText(step: number, attempt: number, response: Json): readonly StreamBody[] {
    const text = textOf(response)
    const told = this.#told
    if (told?.step !== step) return text === '' ? [] : [{ type: 'text', step, attempt, offset: 0, text }]
    if (told.attempt === attempt) {
      const rest = text.slice(told.offset)
      return rest === '' ? [] : [{ type: 'text', step, attempt, offset: told.offset, text: rest }]
    }
    const reset: StreamBody = { type: 'reset', step, attempt }
    return text === '' ? [reset] : [reset, { type: 'text', step, attempt, offset: 0, text }]
  }

  #toolFinished(step: number, durationMs: number, outcome: { error: StreamErrorData }): readonly StreamBody[] {
    const start = this.#steps.get(step)
    this.#steps.delete(step)
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
    return [{ type: 'tool.finished', step, tool: meta.tool, ...callId(meta), ok: 'result' in outcome, durationMs, ...outcome }]
  }

  #progress(meta: StepMeta): StreamBody {
    return {
      type: 'progress',
      ...(meta.turn === undefined ? {} : { turn: meta.turn }),
      ...(meta.maxTurns === undefined ? {} : { maxTurns: meta.maxTurns }),
      tokens: this.#tokens,
      picoDollars: '0',
    }
  }

  #reported({ data }: Extract<LogEvent, { type: 'progress.reported' }>): readonly StreamBody[] {
    const { partial, ...told } = data
    const bodies: StreamBody[] = []
    if (partial !== undefined) bodies.push({ type: 'partial', value: partial })
    if (Object.keys(told).length > 0) bodies.push({ type: 'progress', tokens: this.#tokens, picoDollars: '0', ...told })
    return bodies
  }
}

type StreamErrorData = Extract<StreamBody, { type: 'error' }>['error']

function callId(meta: StepMeta): { callId?: string } {
  return meta.callId === undefined ? {} : { callId: meta.callId }
}

function textOf(response: Json): string {
  if (typeof response !== 'object' || response === null || Array.isArray(response)) return ''
  const text = (response as { readonly text?: Json }).text
  return typeof text === 'string' ? text : ''
}

function parseCursor(cursor: string | undefined): Cursor {
  if (cursor === undefined) return { seq: 0, index: 0, told: undefined }
  const match = /^(\d+)\.(\d+)(?:\/(\d+)\.(\d+)\.(\d+))?$/.exec(cursor)
  if (!match) throw new MeepoError('input.invalid', `not a cursor of a stream: ${cursor}`)
  const [, seq, index, step, attempt, offset] = match
  const told = step === undefined ? undefined : { step: Number(step), attempt: Number(attempt), offset: Number(offset) }
  return { seq: Number(seq), index: Number(index), told }
}
