import { MeepoError, toError, toErrorData, type ErrorData } from '../base/errors.ts'
import { cloneJson, copyJson, type JsonCopy } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import type { Stop } from '../base/ports.ts'
import type { NewEvent, Resolution, Stored } from '../log/events.ts'
import { AttemptHandle } from './attempt.ts'
import type { Attempt, Reconciled, StepOptions } from './context.ts'
import { Entry, type EntryOwner } from './entry.ts'
import type { Decided, RecordedTask } from './recording.ts'
import { defaultRetry, isOnce, retryDelay } from './retry.ts'
import { completedData, crashed, failedData, notBegun, usageOf } from './step-outcome.ts'
import { inlineLimit, sizeLimit } from './stored-value.ts'
import { isUncertain } from './uncertain.ts'

/*
 * The life of a step.
 *
 *   gated ──► body ──► closed                     completed, failed, cancelled
 *               │ ▲
 *               ▼ │ retry delay
 *            retrying
 *               │ once / irreversible without a certain outcome
 *               ▼
 *          undecided ──► closed                   reconcile or an operator said done, or failed
 *               └──────► body                     … or not done
 *
 * S1 A body starts only after its intent is durable, unless it is a free `read` or waits for the log itself.
 * S2 Every attempt after the first is announced by `attempt.started`.
 * S3 A body that was told to abort ends by itself or is given up after {@link abortGraceMs}; what it does later is
 *    not recorded.
 */

/** How long an aborted body may take to end. */
const abortGraceMs = 5_000
const defaultTimeoutMs = 600_000
/** Timeouts from here on are looked at with the limits of the run, a few times a second. */
const coarseTimeoutMs = 10_000

type Body = (attempt: Attempt) => Promise<unknown>

/** A step that code asked for. */
export class StepEntry extends Entry {
  readonly #options: StepOptions
  readonly #body: Body
  #attempt = 1
  #failures = 0
  /** Calls of providers that attempts so far sent. */
  #tries = 0
  #current: AttemptHandle | undefined = undefined
  #startedAt = 0
  #stopTimer: Stop | undefined = undefined
  #isUndecided = false
  /** Announced in the log, and its body has not begun. */
  #isGated = true
  #isHeld = false
  #isDropped = false

  constructor(owner: EntryOwner, number: number, name: string, options: StepOptions, body: Body) {
    super(owner, number, 'step', name)
    this.#options = options
    this.#body = body
  }

  /** The last try that began. */
  get attempt(): number {
    return this.#attempt
  }

  get needsLog(): boolean {
    const { effect, isPaid, announcesCalls } = this.#options
    return (effect !== 'read' || isPaid === true) && announcesCalls !== true
  }

  /** A body that must not be repeated runs now. */
  get isOnceBodyOpen(): boolean {
    return this.#current !== undefined && isOnce(this.#options.effect)
  }

  /** What it is for; with `agent`, whom its calls are charged to in place of what the run was started with. */
  get meta(): StepOptions['meta'] {
    return this.#options.meta
  }

  startEvent(at: number): NewEvent {
    const { number, name } = this
    const { effect, meta } = this.#options
    // Not with a spread, here and below: it costs more than the rest of the event.
    return { type: 'step.started', at, data: meta ? { number, name, effect, meta } : { number, name, effect } }
  }

  begin(): void {
    this.#hold()
    this.#runBody()
  }

  recover(recorded: RecordedTask): void {
    this.#isGated = false
    this.#attempt = recorded.attempt
    this.#failures = recorded.failures
    this.#tries = recorded.tries
    if (recorded.isUnknown) {
      this.#becomeUndecided()
    } else if (recorded.decided) {
      this.#endAs(recorded.decided)
    } else if (this.cancelReason !== undefined && (recorded.retryAt !== undefined || !isOnce(this.#options.effect))) {
      this.pushCancelled()
    } else if (recorded.retryAt !== undefined) {
      this.#hold()
      this.#nextAttemptIn(Math.max(0, recorded.retryAt - this.owner.scheduler.now()))
    } else if (isOnce(this.#options.effect)) {
      this.#announceUnknown(crashed)
    } else {
      this.#hold()
      this.#startNextAttempt()
    }
  }

  cancel(reason: string): void {
    this.cancelReason = reason
    if (this.#current) {
      this.#abort(new MeepoError('task.cancelled', `cancelled: ${reason}`))
      return
    }
    this.#stopTimer?.()
    this.pushCancelled()
    this.#unhold()
  }

  /** The engine stops. A body that never began is not to look like one that was cut off. */
  freeze(): void {
    if (!this.#isGated || this.isClosed || !isOnce(this.#options.effect)) return
    const at = this.owner.scheduler.now()
    const data = { number: this.number, attempt: this.#attempt, error: notBegun, retryAt: at }
    this.owner.append({ type: 'attempt.failed', at, data })
  }

  drop(): void {
    this.#isDropped = true
    this.#stopTimer?.()
    this.#current?.drop(new MeepoError('task.cancelled', 'the engine dropped the run'))
  }

  /** A person or `reconcile` decided. False when there is nothing to decide. */
  resolve(resolution: Resolution, by: 'reconcile' | 'operator', mailId?: string): boolean {
    if (!this.#isUndecided || this.isClosed) return false
    this.#isUndecided = false
    this.owner.markUnknown(this.number, false)
    const event: NewEvent = {
      type: 'step.resolved',
      at: this.owner.scheduler.now(),
      data: { number: this.number, resolution, by, ...(mailId === undefined ? {} : { deliveryId: mailId }) },
    }
    this.owner.append(event, mailId)
    if (resolution.kind === 'not_done') {
      this.#hold()
      this.#startNextAttempt()
    } else this.#endAs(resolution)
    return true
  }

  /** A decision ends the step, also when the process that recorded it died before it delivered the outcome. */
  #endAs(decided: Decided): void {
    if (decided.kind === 'done')
      this.#complete({ value: decided.result }, cloneJson(decided.result), undefined, undefined)
    else this.#fail(decided.error, undefined)
  }

  #hold(): void {
    if (this.#isHeld) return
    this.#isHeld = true
    this.owner.hold()
  }

  #unhold(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.owner.unhold()
  }

  #nextAttemptIn(ms: number): void {
    this.#stopTimer = this.owner.scheduler.after(ms, () => this.#startNextAttempt())
  }

  /** S2. */
  #startNextAttempt(): void {
    if (this.owner.isFrozen) return
    this.#isGated = true
    this.#attempt++
    const data = { number: this.number, attempt: this.#attempt }
    this.owner.append({ type: 'attempt.started', at: this.owner.scheduler.now(), data })
    if (this.needsLog) this.owner.whenDurable(() => this.#runBody())
    else this.#runBody()
  }

  #runBody(): void {
    if (this.isClosed || this.#isDropped || this.owner.isFrozen) return
    this.#isGated = false
    const { host, scheduler } = this.owner
    const kind = this.#options.meta?.kind
    const isWatched = kind === 'model' || kind === 'tool'
    const preview = isWatched ? host.preview(this.number, this.#attempt) : undefined
    const handle = new AttemptHandle(
      this.owner,
      this.number,
      this.#attempt,
      preview,
      this.#tries,
      this.owner.callFor(this.meta?.agent),
    )
    this.#current = handle
    this.#startedAt = scheduler.elapsed()
    const timeoutMs = this.#options.timeoutMs ?? defaultTimeoutMs
    if (timeoutMs < coarseTimeoutMs) this.#stopTimer = scheduler.after(timeoutMs, () => this.#timeOut())
    this.owner.bodyStarted()
    this.owner.isInBody = true
    try {
      this.#body(handle).then(
        (value) => this.#bodyReturned(handle, value),
        (thrown: unknown) => this.#bodyThrew(handle, thrown),
      )
    } catch (thrown) {
      void Promise.resolve().then(() => this.#bodyThrew(handle, thrown))
    } finally {
      this.owner.isInBody = false
    }
  }

  /** Looks at a long timeout: a timer for each body would cost more than most bodies. */
  tick(elapsed: number): void {
    if (this.#current && elapsed - this.#startedAt >= (this.#options.timeoutMs ?? defaultTimeoutMs)) this.#timeOut()
  }

  #timeOut(): void {
    const timeoutMs = this.#options.timeoutMs ?? defaultTimeoutMs
    this.#abort(new MeepoError('step.timeout', `${this.name} ran longer than ${timeoutMs} ms`))
  }

  /** S3. */
  #abort(reason: MeepoError): void {
    const handle = this.#current
    if (!handle || handle.isAborted) return
    this.#stopTimer?.()
    this.#stopTimer = this.owner.scheduler.after(abortGraceMs, () => this.#bodyThrew(handle, reason))
    handle.abort(reason)
  }

  /** True when this attempt still counts; then its body is over. */
  #finishBody(handle: AttemptHandle): boolean {
    if (this.#current !== handle || this.#isDropped) return false
    this.#current = undefined
    this.#stopTimer?.()
    handle.close()
    this.#tries += handle.tries
    this.owner.bodyEnded()
    return true
  }

  #bodyReturned(handle: AttemptHandle, returned: unknown): void {
    if (this.#current !== handle || this.#isDropped) return
    let copy: ReturnType<typeof copyJson>
    try {
      copy = copyJson(returned)
      if (copy.size > sizeLimit)
        throw new MeepoError('result.too_large', `${this.name} returned about ${copy.size} characters`)
    } catch (thrown) {
      this.#settleFailure(handle, toErrorData(thrown))
      return
    }
    if (copy.size > inlineLimit) this.#completeByBlob(handle, copy)
    else {
      this.#finishBody(handle)
      this.#complete({ value: copy.value }, cloneJson(copy.value), handle, copy.size)
    }
  }

  #completeByBlob(handle: AttemptHandle, { value, size }: JsonCopy): void {
    this.owner.host.putBlob(JSON.stringify(value)).then(
      (ref) => {
        if (this.#finishBody(handle)) this.#complete({ ref }, value, handle, size)
      },
      // The effect happened, and its result is lost.
      (thrown: unknown) => this.#bodyThrew(handle, toError(thrown, 'store.failed'), true),
    )
  }

  #bodyThrew(handle: AttemptHandle, thrown: unknown, isResultLost = false): void {
    const fallback = this.#options.meta?.kind === 'tool' ? 'tool.failed' : 'step.failed'
    if (isOnce(this.#options.effect) && (isResultLost || handle.isAborted || isUncertain(thrown))) {
      if (!this.#finishBody(handle)) return
      this.#announceUnknown(toErrorData(thrown, fallback))
      return
    }
    // An aborted body may reject with anything; the reason of the abort is the better story.
    const reason: unknown = handle.isAborted ? handle.signal.reason : thrown
    this.#settleFailure(handle, toErrorData(reason, fallback))
  }

  #settleFailure(handle: AttemptHandle, error: ErrorData): void {
    if (!this.#finishBody(handle)) return
    if (this.cancelReason !== undefined) {
      this.pushCancelled()
      this.#unhold()
      return
    }
    this.#failures++
    const { scheduler, random } = this.owner
    const delay = retryDelay(this.#options.retry ?? defaultRetry, this.#options.effect, error, this.#failures, random)
    if (delay === undefined) {
      this.#fail(error, handle)
      return
    }
    const at = scheduler.now()
    const data = {
      number: this.number,
      attempt: this.#attempt,
      error,
      retryAt: Math.ceil(at + delay),
      ...usageOf(handle),
    }
    this.owner.append({ type: 'attempt.failed', at, data })
    this.#nextAttemptIn(delay)
  }

  #announceUnknown(error: ErrorData): void {
    this.owner.append({
      type: 'step.unknown',
      at: this.owner.scheduler.now(),
      data: { number: this.number, attempt: this.#attempt, error },
    })
    this.#becomeUndecided()
  }

  #becomeUndecided(): void {
    this.owner.markUnknown(this.number, true)
    if (this.cancelReason !== undefined) {
      this.pushCancelled()
      this.#unhold()
      return
    }
    this.#isUndecided = true
    const reconcile = this.#options.reconcile
    if (!reconcile) {
      this.#unhold()
      return
    }
    this.#hold()
    // What `reconcile` asks must see the unknown state as a fact: it leaves the process.
    this.owner.whenDurable(() => this.#reconcile(reconcile))
  }

  #reconcile(reconcile: (key: string, signal: AbortSignal) => Promise<Reconciled<unknown>>): void {
    const handle = new AttemptHandle(
      this.owner,
      this.number,
      this.#attempt,
      undefined,
      0,
      this.owner.callFor(this.meta?.agent),
    )
    const settle = (found: Reconciled<unknown>): void => {
      if (this.#isDropped || !this.#isUndecided) return
      if (found.kind === 'done') this.resolve({ kind: 'done', result: copyJson(found.result).value }, 'reconcile')
      else if (found.kind === 'not_done') this.resolve({ kind: 'not_done' }, 'reconcile')
      else this.#unhold()
    }
    Promise.resolve()
      .then(() => reconcile(handle.idempotencyKey, handle.signal))
      .then(settle)
      // A reconcile that throws, or finds what is no JSON, leaves the decision to a person.
      .catch(() => settle({ kind: 'unknown' }))
  }

  #complete(result: Stored, value: Json, handle: AttemptHandle | undefined, size: number | undefined): void {
    const data = completedData(
      { number: this.number, attempt: this.#attempt, durationMs: this.#duration(handle) },
      result,
      handle,
    )
    this.owner.push({ entry: this, type: 'step.completed', data, value, size: size ?? copyJson(value).size })
    this.#unhold()
  }

  #fail(error: ErrorData, handle: AttemptHandle | undefined): void {
    this.owner.push({
      entry: this,
      type: 'step.failed',
      data: failedData(
        { number: this.number, attempt: this.#attempt, durationMs: this.#duration(handle) },
        error,
        handle,
      ),
      error,
    })
    this.#unhold()
  }

  #duration(handle: AttemptHandle | undefined): number {
    return handle ? Math.round((this.owner.scheduler.elapsed() - this.#startedAt) * 1000) / 1000 : 0
  }
}
