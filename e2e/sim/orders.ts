import type { Profiler } from 'node:inspector'
import type { Simulation } from './simulate.ts'

/** What a thread is asked for. */
export type Order =
  | { readonly kind: 'simulate'; readonly seed: string; readonly wantsTrace: boolean }
  | { readonly kind: 'count' }

/** What came of a seed, as it travels from thread to thread. */
export type Report = Omit<Simulation, 'trace'> & { readonly lines?: readonly string[] }

/** What a thread answers. */
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'simulated'; readonly simulation: Report }
  | { readonly kind: 'counted'; readonly result: readonly Profiler.ScriptCoverage[] }
