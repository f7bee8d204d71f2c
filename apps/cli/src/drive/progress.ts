import { totalTokens, type CallCost, type EventData, type LogEvent, type StepMeta, type Usage } from '@meepo/core'
import { formatCost, formatCount, formatMs, oneLine, shellWord } from '../render/format.ts'

/** What is going on in a tree of runs. */
export interface ProgressState {
  readonly turn?: string
  readonly openChildren: number
  readonly endedChildren: number
  readonly steps: number
  readonly tokens: number
  /** What runs now, the oldest first. */
  readonly open: readonly string[]
}

/** Something that people are told as a line. Urgent: the run waits for them. */
export interface Note {
  readonly text: string
  readonly isUrgent?: true
}

/** A run as notes name it. */
export interface WatchedRun {
  readonly runId: string
  readonly name: string
}

interface OpenStep {
  readonly title: string
  readonly meta: StepMeta | undefined
}

/** Folds the logs of a tree of runs, in whatever order they arrive, into what people are shown while it runs. */
export class ProgressFold {
  readonly #open = new Map<string, OpenStep>()
  /** By step: what its calls cost. */
  readonly #spent = new Map<string, bigint>()
  #turn: string | undefined
  #openChildren = 0
  #endedChildren = 0
  #steps = 0
  #tokens = 0

  state(): ProgressState {
    const open = [...this.#open.values()].map(({ title }) => title)
    const turn = this.#turn === undefined ? {} : { turn: this.#turn }
    const { openChildren, endedChildren } = { openChildren: this.#openChildren, endedChildren: this.#endedChildren }
    return { ...turn, openChildren, endedChildren, steps: this.#steps, tokens: this.#tokens, open }
  }

  read(run: WatchedRun, event: LogEvent): Note | undefined {
    const note = this.#note(run, event)
    return note && { ...note, text: `${run.name}  ${oneLine(note.text)}` }
  }

  #note(run: WatchedRun, event: LogEvent): Note | undefined {
    switch (event.type) {
      case 'step.started': {
        const { number, name, meta } = event.data
        this.#open.set(keyOf(run, number), { title: titleOf(name, meta), meta })
        if (meta?.kind === 'model') this.#turn = turnOf(meta)
        return undefined
      }
      case 'call.settled':
        return this.#booked(run, event.data)
      case 'step.completed':
        return this.#completed(run, event.data)
      case 'step.failed': {
        const { number, error, usage, durationMs } = event.data
        const step = this.#close(run, number, usage)
        return { text: `${step.title} failed after ${formatMs(durationMs)}: ${error.code}: ${error.message}` }
      }
      case 'attempt.failed': {
        const { number, attempt, error, usage, retryAt } = event.data
        this.#spend(usage)
        const title = this.#open.get(keyOf(run, number))?.title ?? `step ${number}`
        const wait = formatMs(Math.max(0, retryAt - event.at))
        return { text: `${title}: attempt ${attempt} failed (${error.code}: ${error.message}), again in ${wait}` }
      }
      case 'step.unknown': {
        const { number } = event.data
        const title = this.#open.get(keyOf(run, number))?.title ?? `step ${number}`
        const command = `meepo resolve ${run.runId} ${number} --done JSON | --not-done | --fail MESSAGE`
        return { text: `the outcome of ${title} is unknown: ${command}`, isUrgent: true }
      }
      case 'task.cancelled':
        this.#open.delete(keyOf(run, event.data.number))
        return undefined
      case 'signal.awaited': {
        const { name } = event.data
        const value = name.startsWith('approve:') ? `'{"approved":true}'` : 'JSON'
        return { text: `waits for: meepo signal ${run.runId} ${shellWord(name)} ${value}`, isUrgent: true }
      }
      case 'child.started':
        this.#openChildren++
        return { text: `started ${event.data.definition} (${event.data.childRunId})` }
      case 'child.completed':
      case 'child.failed':
        this.#openChildren--
        this.#endedChildren++
        return event.type === 'child.failed' ? { text: `a child failed: ${event.data.error.message}` } : undefined
      case 'progress.reported':
        return event.data.message === undefined ? undefined : { text: event.data.message }
      default:
        return undefined
    }
  }

  /** What went well is told with its step. */
  #booked(run: WatchedRun, { number, entry }: EventData['call.settled']): Note | undefined {
    const { outcome, cost, target } = entry
    const key = keyOf(run, number)
    this.#spent.set(key, (this.#spent.get(key) ?? 0n) + BigInt(cost.picoDollars ?? 0))
    if (outcome === 'unknown') return { text: `a call of ${target} was lost: ${costText(cost)} count as spent` }
    if (outcome === 'failed' || outcome === 'interrupted' || outcome === 'aborted')
      return { text: `a call of ${target} ${outcome}${entry.error ? ` (${entry.error.code})` : ''}: ${costText(cost)}` }
    return undefined
  }

  #completed(run: WatchedRun, data: Extract<LogEvent, { type: 'step.completed' }>['data']): Note {
    const { title, meta } = this.#close(run, data.number, data.usage)
    const spent = data.usage ? `, ${formatCount(totalTokens(data.usage), 'token')}` : ''
    const pico = this.#spent.get(keyOf(run, data.number)) ?? 0n
    const cost = pico > 0n ? `, ${formatCost(pico)}` : ''
    const turn = meta?.kind === 'model' && meta.turn !== undefined ? `, turn ${turnOf(meta)}` : ''
    return { text: `${title} ${formatMs(data.durationMs)}${turn}${spent}${cost}` }
  }

  #close(run: WatchedRun, number: number, usage: Usage | undefined): OpenStep {
    const step = this.#open.get(keyOf(run, number)) ?? { title: `step ${number}`, meta: undefined }
    this.#open.delete(keyOf(run, number))
    this.#steps++
    this.#spend(usage)
    return step
  }

  #spend(usage: Usage | undefined): void {
    if (usage) this.#tokens += totalTokens(usage)
  }
}

function keyOf(run: WatchedRun, number: number): string {
  return `${run.runId}/${number}`
}

function costText({ picoDollars }: CallCost): string {
  return picoDollars === null ? 'no price' : formatCost(BigInt(picoDollars))
}

function titleOf(name: string, meta: StepMeta | undefined): string {
  return meta?.tool ?? meta?.task ?? meta?.model ?? name
}

function turnOf(meta: StepMeta): string {
  return meta.maxTurns === undefined ? `${meta.turn}` : `${meta.turn}/${meta.maxTurns}`
}
