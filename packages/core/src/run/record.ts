import type { ErrorData } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import type { Usage } from '../base/usage.ts'

/** How a run stands. `waiting`: on a signal, a date, a child or a decision. */
export type RecordStatus = 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'

/** One step of a run, as its history tells it. */
export interface HistoryEntry {
  /** The name of the step. */
  readonly step: string
  readonly number: number
  readonly tool?: string
  readonly status: 'running' | 'completed' | 'failed' | 'unknown' | 'cancelled'
  readonly durationMs: number
  readonly attempts: number
  /** What its calls of providers cost, in pico-dollars as text. Absent for steps without any. */
  readonly picoDollars?: string
  readonly result?: Json
  readonly error?: ErrorData
}

/** What a run cost, without its children. Unpriced is a state, not zero. */
export interface Cost {
  /** Integer pico-dollars (1e-12 USD) of all priced calls, as text. */
  readonly picoDollars: string
  /** Answered model calls that have no price. */
  readonly unpricedCalls: number
  /** Calls whose process died: what was set aside for them counts as spent. Absent: none. */
  readonly unknownCalls?: number
  /** What caches and sharing saved, in pico-dollars as text. Absent: nothing. */
  readonly savedPicoDollars?: string
  /** What the run and everything below it cost so far, in pico-dollars as text. Absent without calls and children. */
  readonly treePicoDollars?: string
}

/** What every run returns, also one that failed, timed out or hit a limit. */
export interface RunRecord<O = Json> {
  readonly runId: RunId
  readonly sessionId: string
  readonly success: boolean
  readonly status: RecordStatus
  readonly result?: O
  readonly error?: ErrorData
  /** Of a run with an error: the last checkpoint that it came to, `RUN@SEQ`. Absent for one that never began. */
  readonly checkpoint?: string
  readonly history: readonly HistoryEntry[]
  /** Model turns taken. */
  readonly iterations: number
  readonly usage: Usage
  readonly cost: Cost
  /** Of a run that went on from a checkpoint of another one: what both share was paid by that one. */
  readonly forkedFrom?: { readonly runId: RunId; readonly seq: number }
}
