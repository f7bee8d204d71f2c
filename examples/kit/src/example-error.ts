/** What a user can correct: a code, what is wrong, what to do next. Ends an example with 2. */
export class ExampleError extends Error {
  readonly code: string
  readonly fix: string
  readonly retryable = false

  constructor(code: string, message: string, fix: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ExampleError'
    this.code = code
    this.fix = fix
  }
}
