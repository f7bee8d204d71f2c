import {
  encodedType,
  MeepoError,
  type AppendRequest,
  type EngineId,
  type NewEvent,
  type NewRun,
  type Scope,
  type TenantId,
} from '@meepo/core'
import { appendPart, commandPart, createPart, type Batch, type Command, type EncodedEvent } from '../protocol.ts'

/** A part is pushed value by value. When its JSON cannot be written this throws in the middle: the caller cuts the batch. */

/** The tenant that a part is limited to, or null for the system scope. */
export function tenantOf(scope: Scope): TenantId | null {
  return scope === 'system' ? null : scope.tenant
}

/** See `protocol.ts`. */
export function encodeAppend(batch: Batch, scope: Scope, request: AppendRequest): void {
  const { runId, epoch, expectedSeq, events, extras } = request
  const extrasText = extras === undefined ? null : JSON.stringify(extras)
  batch.push(appendPart, runId, tenantOf(scope), epoch, expectedSeq, extrasText)
  pushEvents(batch, events)
}

/** See `protocol.ts`. */
export function encodeCreate(
  batch: Batch,
  run: NewRun,
  owner: EngineId | undefined,
  events: readonly NewEvent[],
): void {
  batch.push(createPart, JSON.stringify(run), owner ?? null)
  pushEvents(batch, events)
}

/** See `protocol.ts`. */
export function encodeCommand(batch: Batch, command: Command): void {
  batch.push(commandPart, JSON.stringify(command))
}

/** An event as part of a command. */
export function encodeEvent(event: NewEvent): EncodedEvent {
  return { type: encodedType(event.type), at: event.at, data: jsonData(event) }
}

function pushEvents(batch: Batch, events: readonly NewEvent[]): void {
  batch.push(events.length)
  for (const event of events) batch.push(encodedType(event.type), event.at, jsonData(event))
}

function jsonData({ type, data }: NewEvent): string {
  try {
    return JSON.stringify(data)
  } catch (cause) {
    throw new MeepoError('json.invalid', `the data of ${type} is not JSON: ${String(cause)}`, { cause })
  }
}
