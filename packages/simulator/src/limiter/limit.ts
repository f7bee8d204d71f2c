import { badOption } from '../failure.ts'

/** Limits of a virtual provider. Each key and each model has its own share of every entry. */
export interface SimulatorLimit {
  /** The name of a key. Default: every key. */
  readonly key?: string
  /** Default: every model. */
  readonly model?: string
  /** All models of a key share the entry. Default false. */
  readonly acrossModels?: boolean
  readonly requestsPerMinute?: number
  /** Input and output together; the output is expected to be as long as the request allows, and corrected at the end. */
  readonly tokensPerMinute?: number
  /** What was read from a cache does not count. */
  readonly inputTokensPerMinute?: number
  /** Counted as it is generated: a request passes while something is left. */
  readonly outputTokensPerMinute?: number
  /** Open requests. */
  readonly concurrency?: number
  /** How many seconds' worth may come at once after a pause. Default 60. */
  readonly burstSeconds?: number
}

const NUMBERS = [
  'requestsPerMinute',
  'tokensPerMinute',
  'inputTokensPerMinute',
  'outputTokensPerMinute',
  'concurrency',
  'burstSeconds',
] as const

/** Throws `simulator.bad_option`, naming the field, for a limit that nothing could pass. */
export function checkLimits(limits: readonly SimulatorLimit[], name: string): void {
  for (const [index, limit] of limits.entries()) {
    for (const field of NUMBERS) {
      const value: unknown = limit[field]
      if (value === undefined || (typeof value === 'number' && Number.isFinite(value) && value > 0)) continue
      throw badOption(`${name}[${index}].${field}`, 'a number above 0')
    }
  }
}
