import {
  encodedType,
  MeepoError,
  type AppendExtras,
  type AppendRequest,
  type EngineId,
  type NewEvent,
  type NewRun,
  type Scope,
  type TenantId,
} from '@meepo/core'
import {
  appendPart,
  commandPart,
  createPart,
  moneyPart,
  type Batch,
  type Command,
  type EncodedEvent,
} from '../protocol.ts'
import { pushMoney, type MoneyExtras } from './encode-money.ts'

/** A part is pushed value by value. When its JSON cannot be written this throws in the middle: the caller cuts the batch. */

/** The tenant that a part is limited to, or null for the system scope. */
export function tenantOf(scope: Scope): TenantId | null {
  return scope === 'system' ? null : scope.tenant
}

/** See `protocol.ts`. */
export function encodeAppend(batch: Batch, scope: Scope, request: AppendRequest): void {
  const { runId, epoch, expectedSeq, events, extras } = request
  batch.push(appendPart, runId, tenantOf(scope), epoch, expectedSeq, restText(extras))
  pushEvents(batch, events)
  const hasMoney = extras?.reserve !== undefined || extras?.settle !== undefined || extras?.ledger !== undefined
  batch.push(hasMoney ? 1 : 0)
  if (hasMoney) pushMoney(batch, extras)
}

/** See `protocol.ts`. */
export function encodeMoney(batch: Batch, tenant: TenantId, money: MoneyExtras): void {
  batch.push(moneyPart, tenant)
  pushMoney(batch, money)
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

function restText(extras: AppendExtras | undefined): string | null {
  if (extras?.inboxTaken === undefined && extras?.deliver === undefined) return null
  const { inboxTaken, deliver } = extras
  return JSON.stringify({ inboxTaken, deliver })
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
