import { addUsage, type Usage } from '../base/usage.ts'
import type { Attempt, CallContext } from './context.ts'

/** The driver's side of an attempt. The abort signal is made when somebody asks for it: most bodies never do. */
export class AttemptHandle implements Attempt {
  readonly count: number
  readonly call: CallContext
  readonly preview: ((delta: string) => void) | undefined
  usage: Usage | undefined = undefined
  readonly #number: number
  #controller: AbortController | undefined = undefined
  #reason: Error | undefined = undefined

  constructor(number: number, count: number, call: CallContext, preview: ((delta: string) => void) | undefined) {
    this.#number = number
    this.count = count
    this.call = call
    this.preview = preview
  }

  get id(): string {
    return `${this.idempotencyKey}/${this.count}`
  }

  get idempotencyKey(): string {
    return `${this.call.runId}/${this.#number}`
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  get isAborted(): boolean {
    return this.#reason !== undefined
  }

  addUsage(usage: Usage): void {
    this.usage = this.usage ? addUsage(this.usage, usage) : usage
  }

  abort(reason: Error): void {
    if (this.#reason) return
    this.#reason = reason
    this.#controller?.abort(reason)
  }
}
