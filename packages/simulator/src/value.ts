/** True for an object that is no array: a JSON record. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** False for a field that is missing or `null`; clients send both for "not given". */
export function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null
}

/** The value of a JSON text; the text itself when it is none, which is how broken arguments travel in a JSON value. */
export function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
