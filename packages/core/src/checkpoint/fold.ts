import type { RunId } from '../base/ids.ts'
import { totalTokens } from '../base/usage.ts'
import { isTerminal, type CheckpointPolicy, type LogEvent, type NewEvent, type StepMeta } from '../log/events.ts'
import type { RunRecord } from '../run/record.ts'
import { checkpointId, type Checkpoint } from './checkpoint.ts'

/** Checkpoints of a whole log, or of the beginning of one. */
export function foldCheckpoints(runId: RunId, events: readonly LogEvent[]): readonly Checkpoint[] {
  const fold = new CheckpointFold(runId)
  return events.flatMap((event) => fold.read(event))
}

type Kind = Checkpoint['kind']

/** Finds the checkpoints of a log, event by event. */
export class CheckpointFold {
  readonly #runId: RunId
  #definition = ''
  #version = ''
  #every: CheckpointPolicy['every'] | undefined
  readonly #open = new Map<
    number,
    { readonly kind: Kind; readonly name: string; readonly meta: StepMeta | undefined }
  >()
  #iterations = 0
  #toolResults = 0
  #tokens = 0
  #pico = 0n
  #isEnding = false
  /** With `turn`: the last point, which is one when the next turn begins or the run ends. */
  #last: Checkpoint | undefined

  constructor(runId: RunId) {
    this.#runId = runId
  }

  /** The checkpoints that are known with this event: none, or one. */
  read(event: LogEvent): readonly Checkpoint[] {
    if (isTerminal(event)) return this.#turnEnded()
    switch (event.type) {
      case 'run.created':
        this.#definition = event.data.definition
        this.#version = event.data.version
        this.#every = event.data.checkpoints?.every
        return []
      case 'run.started':
        return [this.#point(event, 'start', 'start')]
      case 'run.continued':
        this.#last = undefined
        return [this.#point(event, 'segment', 'continued')]
      case 'run.cancel_requested':
      case 'run.ending':
        this.#isEnding = true
        return this.#turnEnded()
      case 'run.reopened':
      case 'run.forked':
        this.#isEnding = false
        return []
      case 'call.settled':
        this.#pico += BigInt(event.data.entry.cost.picoDollars ?? 0)
        return []
      case 'step.started':
        this.#open.set(event.data.number, {
          kind: kindOf(event.data.meta),
          name: event.data.name,
          meta: event.data.meta,
        })
        return event.data.meta?.kind === 'model' ? this.#turnEnded() : []
      case 'child.started':
        this.#open.set(event.data.number, { kind: 'child', name: event.data.childId, meta: undefined })
        return []
      case 'signal.awaited':
        this.#open.set(event.data.number, { kind: 'signal', name: event.data.name, meta: undefined })
        return []
      case 'sleep.started':
        this.#open.set(event.data.number, { kind: 'sleep', name: 'sleep', meta: undefined })
        return []
      case 'step.completed':
      case 'step.failed':
      case 'child.completed':
      case 'child.failed':
      case 'signal.completed':
      case 'signal.timed_out':
      case 'sleep.completed':
        return this.#outcome(event)
      default:
        return []
    }
  }

  #outcome(event: Extract<LogEvent, { data: { number: number } }>): readonly Checkpoint[] {
    const task = this.#open.get(event.data.number)
    this.#open.delete(event.data.number)
    if (!task || this.#isEnding) return []
    const { kind, name } = task
    if (event.type === 'step.completed' || event.type === 'step.failed') {
      const { usage } = event.data
      if (usage) this.#tokens += totalTokens(usage)
      if (kind === 'model' && event.type === 'step.completed') this.#iterations++
    }
    if (kind === 'tool' || (kind === 'child' && this.#iterations > 0)) this.#toolResults++
    const point = this.#point(event, kind, name)
    if (this.#every === 'turn') {
      this.#last = point
      return []
    }
    return this.#every === 'tool' && kind !== 'tool' && kind !== 'child' ? [] : [point]
  }

  #turnEnded(): readonly Checkpoint[] {
    const last = this.#last
    this.#last = undefined
    return last ? [last] : []
  }

  #point({ seq, at }: LogEvent, kind: Kind, name: string): Checkpoint {
    return {
      id: checkpointId(this.#runId, seq),
      runId: this.#runId,
      seq,
      definition: this.#definition,
      version: this.#version,
      at,
      kind,
      name,
      messages: this.#iterations === 0 ? 0 : 1 + this.#iterations + this.#toolResults,
      toolResults: this.#toolResults,
      iterations: this.#iterations,
      tokens: this.#tokens,
      picoDollars: String(this.#pico),
    }
  }
}

function kindOf(meta: StepMeta | undefined): Kind {
  return meta?.kind === 'model' || meta?.kind === 'tool' ? meta.kind : 'step'
}

/** A record with its error's last checkpoint. `events`: the whole log. */
export function withCheckpoint<O>(record: RunRecord<O>, events: readonly NewEvent[]): RunRecord<O> {
  if (!record.error) return record
  const fold = new CheckpointFold(record.runId)
  let last: Checkpoint | undefined
  for (const [index, event] of events.entries()) {
    // Type and data stay the pair that they were.
    last = fold.read({ ...event, seq: index + 1 } as LogEvent).at(-1) ?? last
  }
  return last ? { ...record, checkpoint: last.id } : record
}
