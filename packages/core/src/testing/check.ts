import { canonicalJson } from '../base/json.ts'
import { MeepoError } from '../base/errors.ts'
import type { ErrorCode } from '../base/catalogue.ts'

/** Throws `message` unless the condition holds. Cases use it so that they need no test runner. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

/** Throws unless both are equal as JSON. */
export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  const got = canonicalJson(actual)
  const wanted = canonicalJson(expected)
  if (got !== wanted) throw new Error(`${what}: expected ${shorten(wanted)}, got ${shorten(got)}`)
}

/** Throws unless the promise rejects with a Meepo error of this code. Returns the error. */
export async function checkRejects(promise: Promise<unknown>, code: ErrorCode, what: string): Promise<MeepoError> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    if (MeepoError.is(error) && error.code === code) return error
    const got = MeepoError.is(error) ? error.code : String(error)
    throw new Error(`${what}: expected ${code}, got ${got}`, { cause: error })
  }
  throw new Error(`${what}: expected ${code}, but it resolved with ${shorten(canonicalJson(value ?? null))}`)
}

function shorten(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 400)}… (${text.length} characters)`
}
