import { catalogue, type ErrorCode, type ErrorEntry } from './catalogue.ts'
import type { JsonObject } from './json.ts'

/** An error as it travels through the log and the wire. No stack: stacks differ between machines. */
export interface ErrorData {
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  /** The call never left the process, so even a `once` step may be tried again. */
  readonly notSent?: true
  readonly details?: JsonObject
  readonly cause?: ErrorData
}

/** What a thrower knows beyond code and message. */
export interface ErrorOptions {
  readonly retryable?: boolean
  readonly notSent?: boolean
  readonly details?: JsonObject
  readonly cause?: unknown
}

const brand = Symbol.for('meepo.error')

/**
 * The one base class. Callers branch on `code`; whether to retry is decided where the error is thrown.
 * Recognised across copies of this package by a global symbol: use {@link MeepoError.is}, not `instanceof`.
 */
export class MeepoError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly notSent: boolean
  readonly details: JsonObject | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const entry: ErrorEntry | undefined = catalogue[code]
    Object.defineProperty(this, brand, { value: true })
    this.name = 'MeepoError'
    this.code = code
    this.retryable = options.retryable ?? entry?.retryable === true
    this.notSent = options.notSent === true
    this.details = options.details
  }

  /** True for every Meepo error, also one made by another copy of this package. */
  static is(value: unknown): value is MeepoError {
    return typeof value === 'object' && value !== null && brand in value
  }

  /** Rebuilds an error that {@link toErrorData} wrote. */
  static fromData(data: ErrorData): MeepoError {
    const error = new MeepoError('step.failed', data.message, {
      retryable: data.retryable,
      notSent: data.notSent === true,
      ...(data.details ? { details: data.details } : {}),
      ...(data.cause ? { cause: MeepoError.fromData(data.cause) } : {}),
    })
    // A log may hold a code of another release or of a user: it is kept as it is.
    Object.defineProperty(error, 'code', { value: data.code, enumerable: true })
    return error
  }
}

/** Turns whatever was thrown into data, with its cause; data of an error stays. A foreign error gets `fallback` as its code. */
export function toErrorData(thrown: unknown, fallback: ErrorCode = 'step.failed'): ErrorData {
  if (MeepoError.is(thrown)) {
    return {
      code: thrown.code,
      message: thrown.message,
      retryable: thrown.retryable,
      ...(thrown.notSent ? { notSent: true } : {}),
      ...(thrown.details ? { details: thrown.details } : {}),
      ...(thrown.cause === undefined ? {} : { cause: toErrorData(thrown.cause) }),
    }
  }
  if (thrown instanceof Error) {
    const name = thrown.name === 'Error' ? '' : `${thrown.name}: `
    return {
      code: fallback,
      message: `${name}${thrown.message}`,
      retryable: false,
      ...(thrown.cause === undefined ? {} : { cause: toErrorData(thrown.cause) }),
    }
  }
  if (isErrorData(thrown)) return toErrorData(MeepoError.fromData(thrown))
  return { code: fallback, message: String(thrown), retryable: false }
}

/** Code that races tasks holds their failures as data, and throws them as they are. */
function isErrorData(value: unknown): value is ErrorData {
  if (typeof value !== 'object' || value === null) return false
  // Any object may be asked for any name.
  const { code, message, retryable } = value as { readonly [name: string]: unknown }
  return typeof code === 'string' && typeof message === 'string' && typeof retryable === 'boolean'
}

/** Wraps whatever was thrown; a Meepo error passes through. */
export function toError(thrown: unknown, fallback: ErrorCode = 'step.failed'): MeepoError {
  return MeepoError.is(thrown) ? thrown : MeepoError.fromData(toErrorData(thrown, fallback))
}
