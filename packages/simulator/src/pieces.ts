import { splitText } from './chunks.ts'
import type { Fault } from './fault.ts'
import type { Chunk, RenderedStream, Vendor } from './wire/wire.ts'

/** An answer as it will be written: what is sent, and how it ends. */
export interface Pieces {
  readonly contentType: string
  readonly opening: string
  readonly chunks: readonly Chunk[]
  readonly tail: string
  /** `end`: properly. `hang`: never, until the client leaves. */
  readonly ending: 'end' | 'fin' | 'rst' | 'hang'
  /** Characters of output in the whole answer, delivered or not. */
  readonly totalChars: number
  /** Every byte is written by itself. */
  readonly isBytewise: boolean
}

const EVENTS = 'text/event-stream; charset=utf-8'
const MEGABYTE = 1_048_576

/** The pieces of a stream, after the fault. */
export function streamPieces(stream: RenderedStream, fault: Fault | undefined, vendor: Vendor): Pieces {
  const { opening, chunks, tail, done } = stream
  const whole: Pieces = {
    contentType: contentTypeOf(fault, EVENTS),
    opening,
    chunks,
    tail: tail + (fault?.kind === 'missing-done' ? '' : done),
    ending: 'end',
    totalChars: charsOf(chunks),
    isBytewise: fault?.kind === 'split-bytes',
  }
  return broken(whole, fault, vendor)
}

/** The pieces of an answer that is one JSON text, for the faults that need pieces. */
export function textPieces(text: string, chunkSize: number, fault: Fault, vendor: Vendor): Pieces {
  const chunks = splitText(text, chunkSize).map((wire) => ({ wire, chars: 0 }))
  const whole: Pieces = {
    contentType: contentTypeOf(fault, 'application/json'),
    opening: '',
    chunks,
    tail: '',
    ending: 'end',
    totalChars: 0,
    isBytewise: fault.kind === 'split-bytes',
  }
  if (fault.kind === 'malformed-chunk') return { ...whole, chunks: halved(text) }
  if (fault.kind === 'big-chunk') return { ...whole, chunks: [{ wire: padded(text, fault.bytes), chars: 0 }] }
  if (fault.kind === 'error-event') {
    return { ...whole, chunks: [{ wire: JSON.stringify(vendor.errorBody(problemOf(fault))), chars: 0 }] }
  }
  return fault.kind === 'duplicate-chunk' ? whole : broken(whole, fault, vendor)
}

function broken(whole: Pieces, fault: Fault | undefined, vendor: Vendor): Pieces {
  const { chunks } = whole
  switch (fault?.kind) {
    case 'hang-after-headers':
      return { ...whole, opening: '', chunks: [], tail: '', ending: 'hang' }
    case 'stall':
      if (fault.forMs === undefined) {
        return { ...whole, chunks: chunks.slice(0, fault.afterChunks), tail: '', ending: 'hang' }
      }
      return {
        ...whole,
        chunks: changed(chunks, fault.afterChunks, (chunk) => ({ ...chunk, pauseMs: fault.forMs ?? 0 })),
      }
    case 'cut':
      return { ...whole, chunks: chunks.slice(0, fault.afterChunks), tail: '', ending: fault.by }
    case 'error-event':
      return { ...whole, chunks: chunks.slice(0, fault.afterChunks), tail: vendor.errorEvent(problemOf(fault)) }
    case 'malformed-chunk':
      return { ...whole, chunks: changed(chunks, fault.at, ({ wire, chars }) => ({ wire: brokenOff(wire), chars })) }
    case 'duplicate-chunk':
      return { ...whole, chunks: changed(chunks, fault.at, ({ wire, chars }) => ({ wire: doubled(wire), chars })) }
    case 'big-chunk':
      return {
        ...whole,
        chunks: changed(chunks, fault.at, ({ wire, chars }) => ({ wire: padded(wire, fault.bytes), chars })),
      }
    case undefined:
    case 'refuse':
    case 'hang':
    case 'reset':
    case 'missing-done':
    case 'missing-usage':
    case 'zero-usage':
    case 'split-bytes':
    case 'wrong-content-type':
      return whole
  }
}

function problemOf(fault: Extract<Fault, { kind: 'error-event' }>): Parameters<Vendor['errorBody']>[0] {
  const { status = 500, reason, message = 'The server had an error while processing your request.' } = fault
  return { status, reason, message }
}

function changed(chunks: readonly Chunk[], at: number, change: (chunk: Chunk) => Chunk): Chunk[] {
  return chunks.map((chunk, index) => (index === at ? change(chunk) : chunk))
}

/** Where the last event of a chunk begins. */
function lastEvent(wire: string): number {
  const before = wire.lastIndexOf('\n\n', wire.length - 3)
  return before === -1 ? 0 : before + 2
}

function doubled(wire: string): string {
  return wire + wire.slice(lastEvent(wire))
}

/** The last event with the second half of its JSON missing. */
function brokenOff(wire: string): string {
  const json = wire.indexOf('{', lastEvent(wire))
  return `${wire.slice(0, json + Math.ceil((wire.length - json) / 2))}\n\n`
}

/** A first field of padding in the last JSON object; clients ignore fields they do not know. */
function padded(wire: string, bytes = MEGABYTE): string {
  const json = wire.indexOf('{', wire.includes('\n\n') ? lastEvent(wire) : 0) + 1
  return `${wire.slice(0, json)}"obfuscation":"${'x'.repeat(bytes)}",${wire.slice(json)}`
}

function halved(text: string): Chunk[] {
  return [{ wire: text.slice(0, Math.ceil(text.length / 2)), chars: 0 }]
}

function contentTypeOf(fault: Fault | undefined, right: string): string {
  return fault?.kind === 'wrong-content-type' ? (fault.contentType ?? 'text/html') : right
}

function charsOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.chars, 0)
}
