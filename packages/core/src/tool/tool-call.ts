import type { Attempt } from '../run/context.ts'
import type { ToolCallContext } from './tool.ts'
import type { Watched } from './watched-call.ts'

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

  /** Nobody waits for it: a tool with an idle timeout is watched. */
  heartbeat(): void {}
}

/** The same for a call under timeouts of its own. */
export class WatchedToolCall extends AttemptToolCall {
  readonly #watched: Watched

  constructor(attempt: Attempt, callId: string, watched: Watched) {
    super(attempt, callId)
    this.#watched = watched
  }

  override get signal(): AbortSignal {
    return this.#watched.signal
  }

  /** Text is a sign of life, whether or not anybody reads it. */
  override get preview(): (delta: string) => void {
    const preview = super.preview
    return (delta) => {
      this.heartbeat()
      preview?.(delta)
    }
  }

  override heartbeat(): void {
    this.#watched.heartbeat()
  }
}
