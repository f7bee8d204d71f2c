import type { ErrorCode } from '@meepo/core'

/** A request that is refused, with the code that its caller will see. Everything else goes on. */
export class Refusal extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
  }
}
