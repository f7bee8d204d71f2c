import type { Attempt } from '../run/context.ts'
import type { ToolCallContext } from './tool.ts'

/** What a tool may use of an attempt. Ids and abort signals are made when somebody asks: most tools never do. */
export class AttemptToolCall implements ToolCallContext {
  readonly callId: string
  readonly #attempt: Attempt

  constructor(attempt: Attempt, callId: string) {
    this.#attempt = attempt
    this.callId = callId
  }

  get attemptId(): string {
    return this.#attempt.id
  }

  get idempotencyKey(): string {
    return this.#attempt.idempotencyKey
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get tenant(): string {
    return this.#attempt.call.tenant
  }

  get runId(): string {
    return this.#attempt.call.runId
  }

  get preview(): ((delta: string) => void) | undefined {
    return this.#attempt.preview
  }

  /** Nobody waits for it: only calls that are watched have an idle timeout. */
  heartbeat(): void {}
}
