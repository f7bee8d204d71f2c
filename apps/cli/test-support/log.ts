import type { EventData, EventType, LogEvent } from '@meepo/core'

/** An entry of a log that a test writes: type, data and, if it matters, the time. */
export type Line = { readonly [T in EventType]: readonly [T, EventData[T], number?] }[EventType]

/** Numbers the events of a log; each comes 10 ms after the one before unless said. */
export function logOf(...lines: readonly Line[]): LogEvent[] {
  // Type and data of a line belong together.
  return lines.map(([type, data, at], index) => ({ seq: index + 1, at: at ?? index * 10, type, data }) as LogEvent)
}
