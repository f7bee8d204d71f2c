import { addUsage, type Usage } from '../base/usage.ts'
import type { Attempt, CallContext } from './context.ts'

/** The driver's side of an attempt. The abort signal is made when somebody asks for it: most bodies never do. */
export class AttemptHandle implements Attempt {
  readonly id: string
  readonly idempotencyKey: string
  readonly count: number
  readonly call: CallContext
  readonly preview?: (delta: string) => void
  usage: Usage | undefined
  #controller: AbortController | undefined
  #reason: Error | undefined

  constructor(
    runId: string,
    number: number,
    count: number,
    call: CallContext,
    preview: ((delta: string) => void) | undefined,
  ) {
    this.idempotencyKey = `${runId}/${number}`
    this.id = `${this.idempotencyKey}/${count}`
    this.count = count
    this.call = call
    if (preview) this.preview = preview
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
