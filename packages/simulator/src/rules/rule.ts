import type { SimulatorAnswer } from '../script.ts'
import type { Route } from '../wire/wire.ts'

/** A share of requests, or one that grows evenly from `from` to `to` while the simulator runs from `startMs` to `endMs`. */
export type Chance =
  | number
  | { readonly from: number; readonly to: number; readonly startMs: number; readonly endMs: number }

/** Times at which a rule applies, counted from the start of the simulator. */
export interface RuleWindow {
  /** Default 0. */
  readonly fromMs?: number
  /** Default: for ever. */
  readonly untilMs?: number
  /** With `forMs`: only in the first `forMs` of every `everyMs`, which is how a flapping provider is played. */
  readonly everyMs?: number
  readonly forMs?: number
}

/**
 * A script as data. The first rule that fits a request answers it; everything that is left out fits. Without `steps` or
 * when nothing fits, an answer is made from the seed.
 */
export interface SimulatorRule {
  readonly route?: Route
  readonly provider?: string
  readonly model?: string
  /** The name of a key. */
  readonly key?: string
  readonly stream?: boolean
  /** The conversation contains this text. */
  readonly contains?: string
  /** The seed decides, request by request. Default 1: always. */
  readonly chance?: Chance
  readonly window?: RuleWindow
  /**
   * Answers in the order in which requests come. What a step does not say (text, tool calls) is made from the seed, so
   * that `{ "fault": … }` or `{ "latency": … }` is a step.
   */
  readonly steps?: readonly SimulatorAnswer[]
  /** After the last step: begin again, repeat the last one, or let other rules answer. Default `repeat`. */
  readonly after?: 'repeat' | 'last' | 'pass'
}
