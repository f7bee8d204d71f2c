import { toError, type MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { NewEvent, Resolution, Stored } from '../log/events.ts'
import { ChildEntry } from './child-entry.ts'
import type { Entry } from './entry.ts'
import type { ChildNews, RunHost } from './host.ts'
import { SignalEntry } from './signal-entry.ts'
import { StepEntry } from './step-entry.ts'

/** Something from outside, as the inbox holds it. */
export interface DriverMail {
  readonly id: string
  readonly kind: 'signal' | 'cancel' | 'child' | 'resolve'
  readonly name?: string
  readonly data: Json
}

/** A request to cancel, as it travels through the inbox. */
export interface CancelMail {
  readonly source: 'caller' | 'parent' | 'operator'
  readonly reason: string
}

/** A decision about an unknown step, as it travels through the inbox. */
export interface ResolveMail {
  readonly step: number
  /** The try that was unknown when it was decided: what became of a later one is another question. */
  readonly attempt: number
  readonly resolution: Resolution
}

/** What reading mail may do to a run. */
export interface MailReader {
  readonly host: RunHost
  readonly isEnding: boolean
  openEntries(): Iterable<Entry>
  append(event: NewEvent, mailId?: string): void
  receive(name: string, value: Stored): void
  /** The last seq of a child as of the reopening that undid its end. */
  undoneSeq(childRunId: string): number | undefined
  cancelRun(reason: string): void
  hold(): void
  unhold(): void
  fail(error: MeepoError): void
}

/** Reads one mail into the log. Mail that means nothing to the run is taken out of the inbox. */
export function readMail(reader: MailReader, mail: DriverMail): void {
  switch (mail.kind) {
    case 'signal':
      readSignal(reader, mail)
      return
    case 'cancel':
      readCancel(reader, mail)
      return
    case 'child':
      readChildNews(reader, mail)
      return
    case 'resolve':
      readDecision(reader, mail)
      return
  }
}

function readSignal(reader: MailReader, mail: DriverMail): void {
  // An ending run takes no signals: they stay in the inbox, for the case that it is reopened.
  if (reader.isEnding) return
  const name = mail.name ?? ''
  const value: Stored = { value: mail.data }
  const at = reader.host.machine.scheduler.now()
  reader.receive(name, value)
  reader.append({ type: 'signal.received', at, data: { name, value, deliveryId: mail.id } }, mail.id)
  for (const entry of reader.openEntries()) if (entry instanceof SignalEntry && entry.name === name) entry.arrived()
}

function readCancel(reader: MailReader, mail: DriverMail): void {
  const request = cancelRequest(mail, reader.host.machine.scheduler.now())
  reader.append(request, mail.id)
  reader.cancelRun(request.data.reason)
}

/** A request to cancel as the log has it. */
export function cancelRequest(mail: DriverMail, at: number): Extract<NewEvent, { type: 'run.cancel_requested' }> {
  // Only engines write this kind, as CancelMail.
  const { source, reason } = mail.data as unknown as CancelMail
  return { type: 'run.cancel_requested', at, data: { source, reason, deliveryId: mail.id } }
}

function readChildNews(reader: MailReader, mail: DriverMail): void {
  // Only engines write this kind, as ChildNews.
  const news = mail.data as unknown as ChildNews
  const waiting: ChildEntry[] = []
  const isOld = (news.seq ?? Infinity) <= (reader.undoneSeq(news.childRunId) ?? 0)
  for (const entry of isOld ? [] : reader.openEntries()) {
    if (entry instanceof ChildEntry && isFor(news, entry)) waiting.push(entry)
  }
  if (waiting.length === 0) {
    reader.host.discard(mail.id)
    return
  }
  const tell = (fetched: Json): void => {
    for (const entry of waiting) entry.ended(news, fetched, mail.id)
  }
  const { outcome } = news
  if (outcome.kind === 'failed' || 'value' in outcome.result) {
    tell(null)
    return
  }
  reader.hold()
  reader.host.getBlob(outcome.result.ref).then(
    (text) => {
      // The blob was written as JSON by the child's driver.
      tell(JSON.parse(text) as Json)
      reader.unhold()
    },
    (thrown: unknown) => {
      reader.fail(toError(thrown, 'store.failed'))
      reader.unhold()
    },
  )
}

function isFor({ childRunId, number }: ChildNews, { start, isClosed }: ChildEntry): boolean {
  return start.childRunId === childRunId && !isClosed && (number ?? start.number) === start.number
}

function readDecision(reader: MailReader, mail: DriverMail): void {
  // Only engines write this kind, as ResolveMail.
  const { step, attempt, resolution } = mail.data as unknown as ResolveMail
  // It stays in the inbox, for the case that the run is reopened: nobody could send it again.
  if (reader.isEnding) return
  for (const entry of reader.openEntries()) {
    if (entry.number !== step || !(entry instanceof StepEntry) || entry.attempt !== attempt) continue
    if (entry.resolve(resolution, 'operator', mail.id)) return
  }
  reader.host.discard(mail.id)
}
