import type { CallEntry } from '../base/call-entry.ts'
import { MeepoError } from '../base/errors.ts'
import type { Scheduler } from '../base/ports.ts'
import type { EventData, NewEvent } from '../log/events.ts'
import type { CallAccount, CallGrant, CallIntent } from '../model/account.ts'
import type { CallContext } from './context.ts'
import { closedEntry, wasTried } from './lost-call.ts'

/** An event of a call, on its way to the log. */
export type CallEvent<T extends 'call.started' | 'call.settled'> = Extract<NewEvent, { type: T }>

/** What the books of an attempt need of the driver. */
export interface AccountOwner {
  readonly scheduler: Scheduler
  readonly call: CallContext
  /** Announces a call and sets its money aside, in one write; answers when both are durable. */
  openCall(event: CallEvent<'call.started'>, intent: CallIntent, done: (grant: CallGrant) => void): void
  /** Books the end of a call. `granted`: what was set aside for it, if anything was. */
  settleCall(event: CallEvent<'call.settled'>, granted: bigint | null): void
  bodyStarted(): void
  bodyEnded(): void
  /** The attempt waits in a queue for `what`, or goes on. */
  callWaits(number: number, attempt: number, what: string | undefined): void
}

/** A call that was announced and is not booked yet. */
interface OpenCall {
  readonly intent: CallIntent
  readonly startedAt: number
  grant: CallGrant | undefined
  readonly reject: (reason: Error) => void
}

/*
 * The books of one attempt.
 *
 * B1 Every announced call is booked once: by whoever made it, else when the attempt ends.
 * B2 An attempt that was told to abort announces nothing more, and what it waits for does not leave.
 * B3 After a drop nothing is booked: the run's next owner does it.
 */
export class AttemptAccount implements CallAccount {
  readonly #owner: AccountOwner
  readonly #call: CallContext
  readonly #number: number
  readonly #attempt: number
  /** By id; undefined once it is booked. */
  readonly #calls = new Map<string, OpenCall | undefined>()
  #aborted: Error | undefined = undefined
  #isClosed = false
  /** Calls that were sent and came to an end. */
  tries = 0
  #waitsSince: number | undefined = undefined
  #waitedMs = 0

  constructor(owner: AccountOwner, number: number, attempt: number, call: CallContext = owner.call) {
    this.#owner = owner
    this.#call = call
    this.#number = number
    this.#attempt = attempt
  }

  get tenant(): string {
    return this.#call.tenant
  }

  get scopes(): readonly string[] {
    return this.#call.scopes
  }

  open(intent: CallIntent): Promise<CallGrant> {
    return new Promise((resolve, reject) => {
      if (this.#aborted || this.#isClosed) throw this.#aborted ?? over()
      if (this.#calls.has(intent.id)) throw new MeepoError('ctx.invalid_call', `call ${intent.id} was announced twice`)
      this.waiting()
      const startedAt = this.#owner.scheduler.now()
      const call: OpenCall = { intent, startedAt, grant: undefined, reject }
      this.#calls.set(intent.id, call)
      this.#owner.openCall({ type: 'call.started', at: startedAt, data: this.#started(intent) }, intent, (grant) => {
        if (this.#isClosed) return
        // Nobody was told of the grant: nothing was sent.
        if (this.#aborted) this.#bookClosed(intent.id, call)
        else {
          call.grant = grant
          resolve(grant)
        }
      })
    })
  }

  settle(callId: string, entry: CallEntry): void {
    const call = this.#calls.get(callId)
    if (this.#isClosed || (call === undefined && this.#calls.has(callId))) return
    this.#book(callId, entry, call)
  }

  waiting(what?: string): void {
    const since = this.#waitsSince
    if (this.#isClosed || (what === undefined && since === undefined)) return
    const elapsed = this.#owner.scheduler.elapsed()
    if (since === undefined) {
      this.#waitsSince = elapsed
      this.#owner.bodyEnded()
    } else if (what === undefined) {
      this.#waitsSince = undefined
      this.#waitedMs += elapsed - since
      this.#owner.bodyStarted()
    }
    this.#owner.callWaits(this.#number, this.#attempt, what)
  }

  /** B2. */
  abort(reason: Error): void {
    this.#aborted = reason
  }

  /** The attempt is over. B1. */
  close(): void {
    if (this.#isClosed) return
    this.waiting()
    for (const [id, call] of this.#calls) if (call) this.#bookClosed(id, call)
    this.#end()
  }

  /** B3. */
  drop(): void {
    this.#end()
  }

  #end(): void {
    this.#isClosed = true
    for (const call of this.#calls.values()) call?.reject(this.#aborted ?? over())
  }

  #bookClosed(id: string, call: OpenCall): void {
    this.#book(id, closedEntry(call.intent, call.grant, call.startedAt, this.#owner.scheduler.now()), call)
    call.reject(this.#aborted ?? over())
  }

  #book(callId: string, entry: CallEntry, call: OpenCall | undefined): void {
    this.#calls.set(callId, undefined)
    if (wasTried(entry)) this.tries++
    const data = { number: this.#number, attempt: this.#attempt, call: callId, entry }
    const granted = call?.grant?.kind === 'granted' ? call.grant.picoDollars : null
    this.#owner.settleCall({ type: 'call.settled', at: this.#owner.scheduler.now(), data }, granted)
  }

  #started({ id, target, key, try: count, picoDollars }: CallIntent): EventData['call.started'] {
    const waitedMs = Math.round(this.#waitedMs)
    this.#waitedMs = 0
    return {
      number: this.#number,
      attempt: this.#attempt,
      call: id,
      target,
      picoDollars: picoDollars === null ? null : String(picoDollars),
      try: count,
      ...(key === undefined ? {} : { key }),
      ...(waitedMs > 0 ? { waitedMs } : {}),
    }
  }
}

function over(): MeepoError {
  return new MeepoError('task.cancelled', 'the attempt is over')
}
