import type { ModelAbility, ModelRequest } from '@meepo/core'

import type { RetryOptions } from '../retry/backoff.ts'

/**
 * In which order the targets of a route are tried. `order`: as they are written. `weighted`: drawn by their weights.
 * `cheapest`: by what this request is expected to cost, a prompt cache that is warm included. `fastest`: by measured times.
 * `quality`: the best first.
 */
export type RouteStrategy = 'order' | 'weighted' | 'cheapest' | 'fastest' | 'quality'

/** A target as a strategy of your own sees it. */
export interface RouteChoice {
  /** `provider:model`. */
  readonly model: string
  /** The label of the key. */
  readonly key: string
  readonly region: string | undefined
  readonly weight: number
  readonly quality: number | undefined
  /** Null when there is no price. */
  readonly expectedPicoDollars: bigint | null
  /** Measured by this process; undefined before the first answer. */
  readonly firstContentMs: number | undefined
  readonly outputTokensPerSecond: number | undefined
}

/** Puts targets in the order in which they are tried; leaving one out excludes it. Called once per call; a throw fails the call. */
export type RouteChooser = (choices: readonly RouteChoice[], request: ModelRequest) => readonly RouteChoice[]

/** One model of a route. */
export interface RouteTarget {
  /** `provider:model`. */
  readonly model: string
  /** Labels of keys to use; all keys of the provider unless said. */
  readonly keys?: readonly string[]
  /** For `weighted`; 1 unless said. */
  readonly weight?: number
  /** From your own evaluations; for `quality` and `minQuality`. */
  readonly quality?: number
  /** What it can do, where the price book does not know it or is wrong. */
  readonly can?: readonly ModelAbility[]
  /** Its window in tokens, where the price book does not know it. */
  readonly contextTokens?: number
  /** It goes on from the beginning of an answer (prefill), so a cut answer can be continued. */
  readonly canContinue?: boolean
}

/** Where the calls of one name go. */
export interface RouteOptions {
  readonly targets: readonly (string | RouteTarget)[]
  /** As good as the targets; tried when none of them can be. */
  readonly equivalents?: readonly (string | RouteTarget)[]
  /** Smaller models, tried last; answers of theirs are marked `degraded` in the books. */
  readonly smaller?: readonly (string | RouteTarget)[]
  /** Default `order`. Targets, equivalents and smaller models are each put in order by themselves. */
  readonly strategy?: RouteStrategy | RouteChooser
  /** Targets with less quality, or an unknown one, are left out. */
  readonly minQuality?: number
  /** Targets whose call could cost more dollars, or whose price is unknown, are left out. */
  readonly maxDollars?: string | number
  /** Targets in other regions, or unknown ones, are left out. */
  readonly regions?: readonly string[]
  /** Calls of a session go to the target that answered the last one. Default: for `weighted` and `fastest`. */
  readonly isSticky?: boolean
  /** Tries after the first, over all targets; 0 to 5, 3 unless said. */
  readonly maxRetries?: number
  readonly retry?: RetryOptions
  /** What follows when a content filter stops the answer: an error, or the next target. Default `return`. */
  readonly moderation?: 'return' | 'fallback'
  /**
   * What follows when an answer breaks off after its first text was shown. `fail`: an error that says that the call may be
   * repeated. `restart`: the watcher is told that the text is void, and the call goes on like any other that failed.
   * `continue`: a target that can is asked to go on from where it broke off. Default `fail`.
   */
  readonly afterContent?: 'fail' | 'restart' | 'continue'
}
