import type { ErrorData } from '../base/errors.ts'
import type { RunId, TenantId } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import type { Machine } from '../base/ports.ts'
import type { BlobRef, NewEvent, RunLimits, Stored } from '../log/events.ts'
import type { CallGrant, CallIntent } from '../model/account.ts'
import type { Models } from '../model/model.ts'
import type { CallEvent } from './attempt-account.ts'
import type { AnyDefinition } from './definition.ts'
import type { ToolHost } from './tool-host.ts'

/** A child run to be, as its parent asks for it. The parent's `child.started` is durable when it is handed over. */
export interface ChildStart {
  readonly number: number
  readonly childId: string
  readonly childRunId: RunId
  readonly definition: AnyDefinition
  readonly input: Json
  readonly inputHash: string
  readonly priority: number
  readonly limits: RunLimits
}

/** A child run that was started. */
export type ChildRef = Pick<ChildStart, 'number' | 'childRunId'>

/** News of a child that ended, as it travels through the parent's inbox. */
export interface ChildNews {
  readonly childRunId: RunId
  /** The last event of the child: news of an end that was undone are old, whenever they arrive. */
  readonly seq?: number
  /** Told again to this task of the parent alone: a later one with the same child may have asked for something else. */
  readonly number?: number
  readonly outcome:
    | { readonly kind: 'completed'; readonly result: Stored }
    | { readonly kind: 'failed'; readonly error: ErrorData }
}

/**
 * What an engine does for one run that it drives. The driver owns order and meaning; the host owns the log,
 * the timers' machine and everything outside the run. Callbacks come back in any later macrotask or at once,
 * and never after {@link RunHost} was told that the run ended or the driver was dropped.
 */
export interface RunHost {
  readonly machine: Machine
  readonly models: Models
  /** What bodies of tools are run by. */
  readonly tools: ToolHost
  readonly tenant: TenantId
  /** Puts an event at the end of the log; `mailId` leaves the inbox with it. Durable some time later, in order. */
  append(event: NewEvent, mailId?: string): void
  /** Puts the announcement of a call at the end of the log, with its reservation in one write. Answers when both are durable. */
  openCall(event: CallEvent<'call.started'>, intent: CallIntent, done: (grant: CallGrant) => void): void
  /**
   * Puts the end of a call at the end of the log, with its settlement and its line of the ledger. A call without a price
   * settles what was `granted` for it.
   */
  settleCall(event: CallEvent<'call.settled'>, granted: bigint | null): void
  /** An attempt waits in a queue for `what`, or goes on: for whoever watches. */
  callWaits(number: number, attempt: number, what: string | undefined): void
  /** Takes mail out of the inbox that means nothing to this run any more. */
  discard(mailId: string): void
  /** The seq of the last event that was appended. */
  lastSeq(): number
  /** Calls back when all that was appended so far is durable. */
  whenDurable(then: () => void): void
  /** Stores a large value; resolves when it is durable. */
  putBlob(text: string): Promise<BlobRef>
  getBlob(ref: BlobRef): Promise<string>
  /** Creates the child, or finds the one that an earlier attempt created. A refusal comes back by `childRefused`. */
  startChild(start: ChildStart): void
  /** The child's end comes back as mail; one that does not exist comes back by `childRefused`. */
  cancelChild(child: ChildRef, reason: string): void
  /** Where the text of an attempt goes, if anybody watches. */
  preview(number: number, attempt: number): ((delta: string) => void) | undefined
  /** Nothing happens in this run until mail comes or `wakeAt` passes: it may be evicted. */
  waiting(wakeAt: number | undefined): void
  /** Bodies run or deliveries are due again. */
  busy(): void
  /** Appends the last event, together with the news for a parent; `mailId` leaves the inbox with it. The driver is done. */
  end(event: NewEvent, mailId?: string): void
}
