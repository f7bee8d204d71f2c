import { addUsage, type Usage } from '../base/usage.ts'
import type { Saving } from '../log/events.ts'
import type { CallAccount } from '../model/account.ts'
import { AttemptAccount, type AccountOwner } from './attempt-account.ts'
import type { Attempt, CallContext } from './context.ts'

/** The driver's side of an attempt. Abort signal and books are made when somebody asks for them: most bodies never do. */
export class AttemptHandle implements Attempt {
  readonly count: number
  readonly call: CallContext
  readonly preview: ((delta: string) => void) | undefined
  readonly earlierTries: number
  usage: Usage | undefined = undefined
  saving: Saving | undefined = undefined
  readonly #number: number
  readonly #owner: AccountOwner
  /** Made when somebody asks, and once: each is a key of several maps. */
  #id: string | undefined = undefined
  #key: string | undefined = undefined
  #account: AttemptAccount | undefined = undefined
  #controller: AbortController | undefined = undefined
  #reason: Error | undefined = undefined

  constructor(
    owner: AccountOwner,
    number: number,
    count: number,
    preview: ((delta: string) => void) | undefined,
    earlierTries: number,
    call: CallContext = owner.call,
  ) {
    this.earlierTries = earlierTries
    this.#owner = owner
    this.#number = number
    this.count = count
    this.call = call
    this.preview = preview
  }

  get id(): string {
    return (this.#id ??= `${this.idempotencyKey}/${this.count}`)
  }

  get idempotencyKey(): string {
    return (this.#key ??= `${this.call.runId}/${this.#number}`)
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  get account(): CallAccount {
    if (!this.#account) {
      this.#account = new AttemptAccount(this.#owner, this.#number, this.count, this.call)
      if (this.#reason) this.#account.abort(this.#reason)
    }
    return this.#account
  }

  get isAborted(): boolean {
    return this.#reason !== undefined
  }

  addUsage(usage: Usage): void {
    this.usage = this.usage ? addUsage(this.usage, usage) : usage
  }

  saved(saving: Saving): void {
    this.saving = saving
  }

  abort(reason: Error): void {
    if (this.#reason) return
    this.#reason = reason
    this.#account?.abort(reason)
    this.#controller?.abort(reason)
  }

  /** The body is over: what it left unbooked is booked. */
  close(): void {
    this.#account?.close()
  }

  /** Calls that were sent and came to an end. */
  get tries(): number {
    return this.#account?.tries ?? 0
  }

  /** The run goes on elsewhere. */
  drop(reason: Error): void {
    this.abort(reason)
    this.#account?.drop()
  }
}
