import { canonicalJson, MeepoError, type Effect, type Json, type Reconciled } from '@meepo/core'
import type { BodyLine } from '../../torture/evidence.ts'
import type { Chance } from './chance.ts'
import type { Coverage } from './coverage.ts'
import { never, type Life } from './life.ts'
import type { Timeline } from './timeline.ts'

/** Who calls: a step's attempt, or a tool call. */
export interface Caller {
  readonly runId: string
  readonly attemptId: string
  readonly idempotencyKey: string
  readonly signal: AbortSignal
}

/** What tools call. */
export type Effects = Pick<EffectBook, 'perform' | 'lookUp'>

/** The other side of all tools: writes down what was really done, by whom and under which key. */
export class EffectBook {
  readonly lines: BodyLine[] = []
  readonly #timeline: Timeline
  readonly #chance: Chance
  readonly #coverage: Coverage
  /** One body in so many is refused, and one in so many loses its answer. */
  roughness = 0
  /** Tells whether a process that stands still may yet go on and do something. */
  mayComeBack: () => boolean = () => false

  constructor(timeline: Timeline, chance: Chance, coverage: Coverage) {
    this.#timeline = timeline
    this.#chance = chance
    this.#coverage = coverage
  }

  /** Does one operation: begins, takes its time, makes its effect, ends. Returns the arguments that it acted on. */
  async perform(
    life: Life,
    caller: Caller,
    operation: string,
    effect: Effect,
    args: Json,
    ms: number,
  ): Promise<{ args: string }> {
    const text = canonicalJson(args)
    const write = (phase: BodyLine['phase']): void => {
      this.lines.push({
        phase,
        at: this.#timeline.tick(),
        worker: life.number,
        runId: caller.runId,
        operation,
        key: caller.idempotencyKey,
        attempt: caller.attemptId,
        effect,
        ...(phase === 'effect' ? { args: text } : {}),
      })
    }
    if (life.isDead) return never()
    write('begin')
    // Every other body acts at once: what it acts on may be younger than the last commit.
    const isPrompt = operation.length % 2 === 0
    if (!isPrompt) await this.pause(life, ms, caller.signal)
    if (this.#rolls('tool refuses before it begins')) {
      write('end')
      throw new MeepoError('tool.failed', 'refused before anything happened', { retryable: true, notSent: true })
    }
    if (effect !== 'read') {
      if (life.pass('effect.before')) return never()
      write('effect')
      if (life.pass('effect.after')) return never()
      if (this.#rolls('answer of a tool lost')) {
        write('end')
        throw new MeepoError('tool.failed', 'the answer was lost', { retryable: true })
      }
    }
    await this.pause(life, isPrompt ? ms : ms / 4, caller.signal)
    write('end')
    return { args: text }
  }

  /** Looks whether an effect was made under a key. */
  lookUp(life: Life, key: string): Promise<Reconciled<{ args: string }>> {
    if (life.pass('reconcile.before')) return never()
    const found = this.find(key)
    if (found?.args !== undefined) return Promise.resolve({ kind: 'done', result: { args: found.args } })
    return Promise.resolve({ kind: this.mayComeBack() ? 'unknown' : 'not_done' })
  }

  /** The effect that was made under a key, whoever made it. */
  find(key: string): BodyLine | undefined {
    return this.lines.find((line) => line.phase === 'effect' && line.key === key)
  }

  /** Waits in a life; rejects when the signal aborts. */
  pause(life: Life, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = this.#timeline.after(ms * this.#chance.between(0.5, 1.5), life, 'body', () => {
        signal.removeEventListener('abort', abort)
        resolve()
      })
      const abort = (): void => {
        stop()
        reject(signal.reason)
      }
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    })
  }

  #rolls(fault: 'tool refuses before it begins' | 'answer of a tool lost'): boolean {
    if (!this.#chance.happens(this.roughness)) return false
    this.#coverage.hit(fault)
    return true
  }
}
