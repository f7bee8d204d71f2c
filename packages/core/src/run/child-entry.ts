import type { ErrorData } from '../base/errors.ts'
import { cloneJson } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import type { NewEvent } from '../log/events.ts'
import { Entry, type EntryOwner } from './entry.ts'
import type { ChildNews, ChildStart } from './host.ts'

/** A run below this one. It lives its own life: only its end comes back, through the inbox. */
export class ChildEntry extends Entry {
  readonly start: ChildStart
  #isStarted = false

  constructor(owner: EntryOwner, start: ChildStart) {
    super(owner, start.number, 'child', start.childId)
    this.start = start
  }

  get needsLog(): boolean {
    return true
  }

  startEvent(at: number): NewEvent {
    const { number, childId, childRunId, definition, inputHash } = this.start
    const data = { number, childId, childRunId, definition: definition.name, version: definition.version, inputHash }
    return { type: 'child.started', at, data }
  }

  begin(): void {
    this.#isStarted = true
    this.owner.host.startChild(this.start)
  }

  recover(): void {
    this.#isStarted = true
    // The parent may have died between its own event and the child's creation; creating twice is harmless.
    if (this.cancelReason === undefined) this.owner.host.startChild(this.start)
    else this.owner.host.cancelChild(this.start, this.cancelReason)
  }

  /** The child has ended. A result by reference arrives with its value fetched. */
  ended(news: ChildNews, fetched: Json, mailId: string): void {
    if (this.cancelReason !== undefined) {
      this.pushCancelled(mailId)
      return
    }
    const { outcome } = news
    if (outcome.kind === 'failed') {
      this.refused(outcome.error, mailId)
      return
    }
    const value = 'value' in outcome.result ? cloneJson(outcome.result.value) : cloneJson(fetched)
    const data = { number: this.number, result: outcome.result }
    this.owner.push({ entry: this, type: 'child.completed', data, value, mailId })
  }

  /** The child failed, or could not be started at all. */
  refused(error: ErrorData, mailId?: string): void {
    if (this.cancelReason !== undefined) {
      this.pushCancelled(mailId)
      return
    }
    this.owner.push({
      entry: this,
      type: 'child.failed',
      data: { number: this.number, error },
      error,
      ...(mailId === undefined ? {} : { mailId }),
    })
  }

  /** The tree is cancelled children first: the outcome waits for the child's own end. */
  cancel(reason: string): void {
    this.cancelReason = reason
    if (this.#isStarted) this.owner.host.cancelChild(this.start, reason)
    else this.pushCancelled()
  }

  drop(): void {
    // A child goes on while its parent's engine is gone.
  }
}
