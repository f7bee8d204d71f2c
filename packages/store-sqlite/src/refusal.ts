import type { ErrorCode } from '@meepo/core'

/** A request that is refused, with the code that its caller will see. Everything else goes on. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean | undefined

  constructor(code: ErrorCode, message: string, retryable?: boolean) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.retryable = retryable
  }
}
