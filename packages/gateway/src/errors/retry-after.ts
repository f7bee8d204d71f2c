/** Longer waits are not believed: a clock is wrong somewhere. */
const LONGEST_MS = 7 * 24 * 60 * 60 * 1_000

/** The wait that a provider asks for: `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const exact = milliseconds(headers['retry-after-ms'], 1)
  if (exact !== undefined) return exact
  const header = headers['retry-after']
  if (header === undefined) return undefined
  const relative = milliseconds(header, 1_000)
  if (relative !== undefined) return relative
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : bounded(date - nowMs)
}

function milliseconds(header: string | undefined, unit: number): number | undefined {
  return header !== undefined && /^\s*\d+(?:\.\d+)?\s*$/.test(header) ? bounded(Number(header) * unit) : undefined
}

function bounded(ms: number): number | undefined {
  return ms > LONGEST_MS ? undefined : Math.max(0, Math.ceil(ms))
}
