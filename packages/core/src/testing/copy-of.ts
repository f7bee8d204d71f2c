import { copyJson } from '../base/json-copy.ts'

/** A copy of data that is JSON, as a reader of the log gets it. Throws `json.invalid` for what is not. */
export function copyOf<T>(value: T): T {
  // Only fields that are undefined, hence optional, are missing from the copy.
  return copyJson(value).value as T
}
