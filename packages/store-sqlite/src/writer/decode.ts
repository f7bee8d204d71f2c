import type { NewRun } from '@meepo/core'
import {
  appendPart,
  commandPart,
  createPart,
  moneyPart,
  type AppendRest,
  type Batch,
  type Command,
  type EncodedEvent,
  type Part,
} from '../protocol.ts'
import { Cursor } from './cursor.ts'
import { decodeMoney } from './decode-money.ts'

/** Reads a flat batch back into parts. Its shape is that of `client/encode.ts`, its other half. */
export function decodeBatch(batch: Batch): readonly Part[] {
  const from = new Cursor(batch)
  const parts: Part[] = []
  while (!from.isAtEnd) parts.push(decodePart(from))
  return parts
}

function decodePart(from: Cursor): Part {
  const kind = from.number()
  switch (kind) {
    case appendPart: {
      const head = {
        kind: 'append',
        runId: from.text(),
        tenant: from.optionalText(),
        epoch: from.number(),
        expectedSeq: from.number(),
      } as const
      const extras = from.optionalText()
      // JSON of our own main thread, typed there.
      return {
        ...head,
        extras: extras === null ? undefined : (JSON.parse(extras) as AppendRest),
        events: decodeEvents(from),
        money: from.number() === 0 ? undefined : decodeMoney(from),
      }
    }
    case createPart: {
      // JSON of our own main thread, typed there.
      const run = JSON.parse(from.text()) as NewRun
      return { kind: 'create', run, owner: from.optionalText(), events: decodeEvents(from) }
    }
    case moneyPart:
      return { kind: 'money', tenant: from.text(), money: decodeMoney(from) }
    case commandPart:
      // JSON of our own main thread, typed there.
      return JSON.parse(from.text()) as Command
    default:
      throw new TypeError(`a batch has no part of kind ${kind}`)
  }
}

function decodeEvents(from: Cursor): readonly EncodedEvent[] {
  const count = from.number()
  const events: EncodedEvent[] = []
  for (let index = 0; index < count; index++) {
    events.push({ type: from.text(), at: from.number(), data: from.text() })
  }
  return events
}
