import { MeepoError } from '../base/errors.ts'
import type { EventType, LogEvent } from './events.ts'

/** An event as it lies in a store: the type may carry a version (`step.completed@2`), data is unchecked JSON. */
export interface RawEvent {
  readonly seq: number
  readonly at: number
  readonly type: string
  readonly data: unknown
}

/** Lifts data of one version to the next. */
export type Upcaster = (data: unknown) => unknown

/** The newest version of every type, and how to reach it from older ones. */
export interface EventVersions {
  readonly newest: Readonly<Record<string, number>>
  /** `upcasters['step.completed'][1]` lifts version 1 to version 2. */
  readonly upcasters: Readonly<Record<string, Readonly<Record<number, Upcaster>>>>
}

const firstVersions: Record<EventType, 1> = {
  'run.created': 1,
  'run.started': 1,
  'run.continued': 1,
  'run.cancel_requested': 1,
  'run.ending': 1,
  'run.completed': 1,
  'run.failed': 1,
  'run.cancelled': 1,
  'run.reopened': 1,
  'run.forked': 1,
  'step.started': 1,
  'attempt.started': 1,
  'attempt.failed': 1,
  'step.completed': 1,
  'step.failed': 1,
  'step.unknown': 1,
  'step.resolved': 1,
  'call.started': 1,
  'call.settled': 1,
  'sleep.started': 1,
  'sleep.completed': 1,
  'signal.awaited': 1,
  'signal.received': 1,
  'signal.completed': 1,
  'signal.timed_out': 1,
  'child.started': 1,
  'child.completed': 1,
  'child.failed': 1,
  'task.cancelled': 1,
  'progress.reported': 1,
}

/** The versions of this release. */
export const eventVersions: EventVersions = { newest: firstVersions, upcasters: {} }

/** Reads an event written by this or any older release. Throws `log.unknown_event` for a newer one. */
export function decodeEvent(raw: RawEvent, versions: EventVersions = eventVersions): LogEvent {
  const [name = '', suffix] = raw.type.split('@')
  const newest = versions.newest[name]
  const written = suffix === undefined ? 1 : Number(suffix)
  if (newest === undefined || !Number.isInteger(written) || written < 1 || written > newest) {
    throw new MeepoError('log.unknown_event', `event ${raw.seq} has the unknown type ${raw.type}`)
  }
  let data = raw.data
  for (let version = written; version < newest; version++) {
    const upcast = versions.upcasters[name]?.[version]
    if (!upcast) throw new MeepoError('log.unknown_event', `no way from ${name}@${version} to ${name}@${version + 1}`)
    data = upcast(data)
  }
  // The log is written by this code alone and read back through the upcasters: the shape holds by construction.
  return { seq: raw.seq, at: raw.at, type: name, data } as LogEvent
}

/** The type as it is written: the plain name for version 1, `name@N` after. */
export function encodedType(type: EventType, versions: EventVersions = eventVersions): string {
  const version = versions.newest[type] ?? 1
  return version === 1 ? type : `${type}@${version}`
}
