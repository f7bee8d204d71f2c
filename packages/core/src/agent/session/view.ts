import type { Json, JsonObject } from '../../base/json.ts'
import type { LogEvent } from '../../log/events.ts'
import { isMessage, messageNumber, readSettlement, type NumberedMessage, type SessionMessage } from './message.ts'

/** One message of a session, and what became of it. */
export interface SessionEntry<O = unknown> {
  readonly number: number
  readonly id: string
  readonly text: string
  readonly actor?: string
  /** When it was taken into the log, milliseconds since 1970; absent while it is on its way there. */
  readonly at?: number
  readonly status: 'open' | 'answered' | 'failed'
  /** Of an answered one. Messages that entered an answer share it. */
  readonly answer?: O
  /** Of a failed one. */
  readonly error?: JsonObject
}

/** A session as its log tells it. Feed it the events in order; those it knows are passed over. */
export class SessionView {
  readonly #entries = new Map<number, SessionEntry>()
  readonly #byId = new Map<string, number>()
  /** The last event that was read. */
  seq = 0

  read(event: LogEvent): void {
    if (event.seq <= this.seq) return
    this.seq = event.seq
    if (event.type === 'signal.received') this.#received(event.data.name, event.data.value, event.at)
    else if (event.type === 'progress.reported') this.#reported(event.data.partial)
  }

  get entries(): readonly SessionEntry[] {
    return [...this.#entries.values()].toSorted((a, b) => a.number - b.number)
  }

  entry(number: number): SessionEntry | undefined {
    return this.#entries.get(number)
  }

  /** The number of the message with this id. */
  numberOf(id: string): number | undefined {
    return this.#byId.get(id)
  }

  /** The number behind the last message. */
  get next(): number {
    return Math.max(0, ...this.#entries.keys()) + 1
  }

  get isBusy(): boolean {
    for (const { status } of this.#entries.values()) if (status === 'open') return true
    return false
  }

  #received(signal: string, value: object, at: number): void {
    const number = messageNumber(signal)
    if (number === undefined) return
    const message = 'value' in value && isMessage(value.value) ? value.value : undefined
    // What is no message keeps its number, and is settled by an error.
    this.#add({ ...entryOf(message, number), at })
  }

  #add(entry: SessionEntry): void {
    this.#entries.set(entry.number, entry)
    if (entry.id !== '') this.#byId.set(entry.id, entry.number)
  }

  #reported(partial: Json | undefined): void {
    const settlement = readSettlement(partial)
    if (!settlement) return
    for (const number of settlement.messages) {
      const entry = this.#entries.get(number)
      if (!entry) continue
      const end =
        'answer' in settlement
          ? ({ status: 'answered', answer: settlement.answer } as const)
          : ({ status: 'failed', error: settlement.error } as const)
      this.#entries.set(number, { ...entry, ...end })
    }
  }
}

/** An entry of a message that nothing is known of but itself. */
export function entryOf(message: SessionMessage | NumberedMessage | undefined, number: number): SessionEntry {
  if (!message) return { number, id: '', text: '', status: 'open' }
  const { id, text, actor } = message
  return { number, id, text, status: 'open', ...(actor === undefined ? {} : { actor }) }
}
